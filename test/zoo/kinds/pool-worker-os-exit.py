# A worker calls os._exit in a task of apply_async
# rules: lost-task

import multiprocessing as mp, os, signal, time
def work(n):
    time.sleep(.05)
    if n == 3: os._exit(5)
    return n
if __name__ == '__main__':
    pool = mp.get_context('fork').Pool(2)
    rs = [pool.apply_async(work, (i,)) for i in range(6)]
    for r in rs: print(r.get())
