"""A child that has ended stays as a zombie until its parent asks how it ended. This parent never asks.

os._exit skips the joins that Python would do at the end. Starting a process asks, too: it reaps those that have ended.
"""
import multiprocessing
import os
import signal
import time


def leave():
    time.sleep(0.2)
    os._exit(7)


def be_killed():
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == '__main__':
    for function in (leave, be_killed):
        multiprocessing.Process(name=function.__name__, target=function).start()
    time.sleep(1)
    print('two zombies', flush=True)
    os._exit(0)
