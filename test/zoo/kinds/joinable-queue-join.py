# join() of a JoinableQueue whose consumer stopped early
# rules: no-consumer

import multiprocessing as mp
ctx = mp.get_context('fork')
def consume(q):
    for _ in range(3): q.get(); q.task_done()
if __name__ == '__main__':
    q = ctx.JoinableQueue()
    p = ctx.Process(target=consume, args=(q,), name='consumer'); p.start()
    for i in range(5): q.put(i)
    q.join()
