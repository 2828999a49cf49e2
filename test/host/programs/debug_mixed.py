"""
Python and Node in one tree. Without arguments: a child that ticks, and `debug_mixed.cjs`, which starts this file again; then it
ticks itself and has a child that does.
"""
import multiprocessing
import pathlib
import subprocess
import sys
import time

here = pathlib.Path(__file__)


def tick():
    count = 0
    while True:
        count += 1
        time.sleep(0.05)


if __name__ == '__main__':
    if len(sys.argv) > 1:
        multiprocessing.Process(name='inner', target=tick).start()
        tick()
    else:
        multiprocessing.Process(name='ticker', target=tick).start()
        subprocess.run(['node', str(here.with_suffix('.cjs')), sys.executable])
