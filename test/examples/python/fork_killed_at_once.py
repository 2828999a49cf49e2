"""Children that are killed before they have run anything: nobody tells of them but their parent."""
import os
import signal

if __name__ == '__main__':
    for _ in range(5):
        child = os.fork()
        if child == 0:
            signal.pause()
        os.kill(child, signal.SIGKILL)
        print('ended by signal', os.waitpid(child, 0)[1])
