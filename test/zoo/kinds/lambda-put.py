# An item with a lambda can not be pickled by the feeder thread
# rules: cannot-pickle no-producer

import multiprocessing as mp
ctx = mp.get_context('fork')
def work(q):
    q.put({'callback': lambda x: x})
if __name__ == '__main__':
    q = ctx.Queue()
    p = ctx.Process(target=work, args=(q,), name='worker-a'); p.start()
    print(q.get()); p.join()
