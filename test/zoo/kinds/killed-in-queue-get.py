# A consumer is killed in get(), and the lock inside the queue stays taken
# rules: dead-holder

import multiprocessing as mp, os, time, signal
ctx = mp.get_context('fork')
def consume(q):
    while True:
        item = q.get()
        print(os.getpid(), item, flush=True)
if __name__ == '__main__':
    q = ctx.Queue()
    ps = [ctx.Process(target=consume, args=(q,), name=f'consumer-{i}') for i in range(2)]
    ps[0].start(); time.sleep(.5)
    ps[0].kill(); ps[0].join()
    ps[1].start()
    for i in range(5): q.put(i)
    ps[1].join()
