# Two items are wanted, one was put, of a SimpleQueue
# rules: no-producer

import multiprocessing as mp
ctx = mp.get_context('forkserver')
def produce(q): q.put(1)
if __name__ == '__main__':
    q = ctx.SimpleQueue()
    p = ctx.Process(target=produce, args=(q,), name='producer'); p.start()
    print(q.get()); print(q.get())
