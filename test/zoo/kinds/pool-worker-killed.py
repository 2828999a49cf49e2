# A worker of a forkserver pool is killed in the middle of a map
# rules: lost-task

import multiprocessing as mp, os, signal, time
def work(n):
    if n == 3: os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(.05); return n
if __name__ == '__main__':
    with mp.get_context('forkserver').Pool(3) as pool:
        print(pool.map(work, range(6), chunksize=1))
