# A queue of a manager is full, and its only consumer took one item
# rules: no-consumer

import multiprocessing as mp
ctx = mp.get_context('fork')
def consume(q):
    print(q.get())
if __name__ == '__main__':
    with ctx.Manager() as m:
        q = m.Queue(2)
        p = ctx.Process(target=consume, args=(q,), name='consumer'); p.start()
        for i in range(10): q.put(i)
