"""os.fork copies the process; os.wait tells the parent which child ended and how."""
import os

if __name__ == '__main__':
    child = os.fork()
    if child == 0:
        os._exit(7)
    pid, status = os.wait()
    print('it was my child:', pid == child)
    print('exit code', os.WEXITSTATUS(status))
