"""Popen.poll looks whether a program has ended, without waiting for it."""
import subprocess
import sys
import time

if __name__ == '__main__':
    if sys.argv[1:] == ['child']:
        raise LookupError('nothing there')
    child = subprocess.Popen([sys.executable, __file__, 'child'], stderr=subprocess.DEVNULL)
    while child.poll() is None:
        time.sleep(0.01)
    print('exit code', child.returncode)
