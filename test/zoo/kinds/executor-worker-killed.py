# A worker of a ProcessPoolExecutor is killed
# rules: broken-executor

import os, signal
from concurrent.futures import ProcessPoolExecutor
def work(n):
    if n == 2: os.kill(os.getpid(), signal.SIGKILL)
    return n
if __name__ == '__main__':
    with ProcessPoolExecutor(2) as ex: print(list(ex.map(work, range(5))))
