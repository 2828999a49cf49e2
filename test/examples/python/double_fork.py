"""How a daemon lets go of the shell that started it: fork, new session, fork again, and the two in front leave.

The daemon lives on under another parent and ends by itself.
"""
import os
import sys
import time


def let_go_of_terminal():
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def daemonize():
    """Returns in the daemon only."""
    if os.fork():
        os.wait()
        print('the daemon is on its own', flush=True)
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
    let_go_of_terminal()


if __name__ == '__main__':
    daemonize()
    time.sleep(0.8)
    sys.exit(6)
