"""os.system runs a command line in a shell and gives the status as os.wait does."""
import os

if __name__ == '__main__':
    status = os.system('sleep 0.2; exit 6')
    print('exit code', os.WEXITSTATUS(status))
