"""SIGKILL gives a process no chance to end its children: even daemon processes live on."""
import multiprocessing
import os
import signal
import sys
import time


def work(is_up):
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    is_up.set()
    time.sleep(0.8)
    sys.exit(3)


if __name__ == '__main__':
    is_up = multiprocessing.Event()
    multiprocessing.Process(name='survivor', target=work, args=(is_up,), daemon=True).start()
    is_up.wait()
    print('the main process is killed now', flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
