# A process is killed while it holds a lock that others want
# rules: dead-holder

import multiprocessing as mp, os, time, signal
ctx = mp.get_context('fork')
def hold(lock):
    lock.acquire()
    os.kill(os.getpid(), signal.SIGKILL)
def want(lock):
    with lock: print('got')
if __name__ == '__main__':
    lock = ctx.Lock()
    p = ctx.Process(target=hold, args=(lock,), name='holder'); p.start(); p.join()
    ps = [ctx.Process(target=want, args=(lock,), name=f'want-{i}') for i in range(2)]
    for p in ps: p.start()
    for p in ps: p.join()
