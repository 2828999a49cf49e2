"""
os.system runs a command line in a shell and gives the status as os.wait does. The shell's pid never reaches Python, so
the shell is seen from outside only.
"""
import os

if __name__ == '__main__':
    status = os.system('sleep 0.2; exit 6')
    print('exit code', os.WEXITSTATUS(status))
