"""python -I ignores PYTHON* variables and everything of the user's, so nothing can be loaded into such a process."""
import subprocess
import sys
import time

if __name__ == '__main__':
    if sys.argv[1:] == ['child']:
        time.sleep(0.6)
        sys.exit(3)
    child = subprocess.Popen([sys.executable, '-I', __file__, 'child'])
    print('isolated:', bool(sys.flags.isolated), '- exit code', child.wait())
