"""Children that outlive their parent: nothing ends them, somebody else becomes their parent."""
import subprocess
import sys
import time

if __name__ == '__main__':
    if sys.argv[1:] == ['child']:
        time.sleep(0.8)
        sys.exit(5)
    quiet = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
    subprocess.Popen([sys.executable, __file__, 'child'], **quiet)
    subprocess.Popen(['sleep', '1'], **quiet)
    print('not waiting for anybody')
