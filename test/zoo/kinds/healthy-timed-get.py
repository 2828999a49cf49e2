# A consumer asks with a time limit, again and again, until a slow producer answers
# exit: 0

import multiprocessing as mp, queue, time
ctx = mp.get_context('fork')
def produce(q):
    time.sleep(6); q.put('item')
if __name__ == '__main__':
    q = ctx.Queue()
    p = ctx.Process(target=produce, args=(q,)); p.start()
    while True:
        try: print(q.get(timeout=1)); break
        except queue.Empty: pass
    p.join()
