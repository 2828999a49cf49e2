"""Ctrl-C: the signal becomes a KeyboardInterrupt; if nobody catches it, Python ends itself by that same signal."""
import os
import signal
import time

if __name__ == '__main__':
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(10)
    finally:
        print('clean-up still runs', flush=True)
