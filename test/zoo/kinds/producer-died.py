# The producer divides by zero before it puts the sentinel
# rules: no-producer

import multiprocessing as mp
ctx = mp.get_context('spawn')
def produce(q):
    for i in range(5): q.put(10 // (3 - i))
    q.put(None)
if __name__ == '__main__':
    q = ctx.Queue()
    p = ctx.Process(target=produce, args=(q,), name='producer'); p.start()
    while (item := q.get()) is not None: print(item)
    p.join()
