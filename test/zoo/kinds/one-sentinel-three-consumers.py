# One sentinel for three consumers
# rules: no-producer

import multiprocessing as mp
ctx = mp.get_context('fork')
def consume(q):
    while True:
        item = q.get()
        if item is None: break
if __name__ == '__main__':
    q = ctx.Queue()
    ps = [ctx.Process(target=consume, args=(q,), name=f'consumer-{i}') for i in range(3)]
    for p in ps: p.start()
    for i in range(10): q.put(i)
    q.put(None)
    for p in ps: p.join()
