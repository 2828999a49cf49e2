"""os.waitpid waits for one particular child; with WNOHANG it only looks."""
import os
import signal
import time

if __name__ == '__main__':
    child = os.fork()
    if child == 0:
        signal.pause()
    print('ended:', os.waitpid(child, os.WNOHANG) != (0, 0))
    os.kill(child, signal.SIGTERM)
    pid, status = os.waitpid(child, os.WNOHANG)
    while pid == 0:
        time.sleep(0.01)
        pid, status = os.waitpid(child, os.WNOHANG)
    print('ended by signal', os.WTERMSIG(status))
