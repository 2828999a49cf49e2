"""Popen.communicate feeds a program, takes what it prints and waits for its end."""
import subprocess
import sys

if __name__ == '__main__':
    if sys.argv[1:] == ['child']:
        sys.stdout.write(sys.stdin.read().upper())
        sys.exit(2)
    child = subprocess.Popen([sys.executable, __file__, 'child'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    output, _ = child.communicate('whisper')
    print(output, child.returncode)
