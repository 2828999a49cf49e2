# The same with a queue, whose other end the child does not have yet
# exit: 0

import multiprocessing as mp, time
if __name__ == '__mp_main__':
    end = time.time() + 6
    while time.time() < end: pass
def work(q): q.put(1)
if __name__ == '__main__':
    ctx = mp.get_context('spawn')
    q = ctx.SimpleQueue()
    p = ctx.Process(target=work, args=(q,), name='slow'); p.start()
    print(q.get()); p.join()
