# Two processes take turns with the lock of a manager; each keeps it for a while
# exit: 0

import multiprocessing as mp, time
ctx = mp.get_context('fork')
def work(lock, seconds):
    with lock: time.sleep(seconds)
if __name__ == '__main__':
    with ctx.Manager() as manager:
        lock = manager.Lock()
        ps = [ctx.Process(target=work, args=(lock, 5), name='turn-%d' % i) for i in range(2)]
        for p in ps: p.start()
        for p in ps: p.join()
