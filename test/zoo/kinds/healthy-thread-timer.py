# Every process waits for an event that a timer of one of them sets
# exit: 0

import multiprocessing as mp, threading
ctx = mp.get_context('fork')
if __name__ == '__main__':
    event = ctx.Event()
    ps = [ctx.Process(target=event.wait, name='w-%d' % i) for i in range(3)]
    for p in ps: p.start()
    threading.Timer(6, event.set).start()
    for p in ps: p.join()
