"""Popen.wait waits for a program, with or without a limit."""
import subprocess
import sys
import time

if __name__ == '__main__':
    if sys.argv[1:] == ['child']:
        time.sleep(0.4)
        sys.exit(3)
    child = subprocess.Popen([sys.executable, __file__, 'child'])
    try:
        child.wait(timeout=0.1)
    except subprocess.TimeoutExpired as error:
        print('not yet after', error.timeout, 's')
    print('exit code', child.wait())
