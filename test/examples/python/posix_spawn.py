"""os.posix_spawn starts a program without copying the parent first."""
import os
import sys

if __name__ == '__main__':
    if sys.argv[1:] == ['child']:
        sys.exit(9)
    pid = os.posix_spawn(sys.executable, [sys.executable, __file__, 'child'], os.environ)
    _, status = os.waitpid(pid, 0)
    print('exit code', os.WEXITSTATUS(status))
