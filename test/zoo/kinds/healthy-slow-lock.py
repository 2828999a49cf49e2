# A lock is held by a process that computes for long
# exit: 0

import multiprocessing as mp, time
ctx = mp.get_context('spawn')
def hold(lock, ready):
    with lock:
        ready.set()
        end = time.time() + 6
        while time.time() < end: sum(range(1000))
if __name__ == '__main__':
    lock, ready = ctx.Lock(), ctx.Event()
    p = ctx.Process(target=hold, args=(lock, ready), name='holder'); p.start(); ready.wait()
    with lock: print('got it')
    p.join()
