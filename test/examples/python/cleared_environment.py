"""A child may be given an environment of its own, here an empty one."""
import os
import subprocess
import sys

if __name__ == '__main__':
    if sys.argv[1:] == ['child']:
        # Python may set LC_CTYPE itself (PEP 538).
        print('variables:', sorted(name for name in os.environ if name != 'LC_CTYPE'))
        sys.exit(2)
    child = subprocess.Popen([sys.executable, __file__, 'child'], env={})
    print('exit code', child.wait())
