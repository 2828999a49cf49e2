"""exec replaces the program, not the process: pid and parent stay, and there is still one process."""
import os
import sys

if __name__ == '__main__':
    if len(sys.argv) == 1:
        os.environ['FIRST_PID'] = str(os.getpid())
        os.execv(sys.executable, [sys.executable, __file__, 'again'])
    print('same process:', os.environ['FIRST_PID'] == str(os.getpid()))
    sys.exit(4)
