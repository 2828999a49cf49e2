# A spawned child imports for long before it has the event that its parent waits for
# exit: 0

import multiprocessing as mp, time
if __name__ == '__mp_main__': time.sleep(6)
def work(event): event.set()
if __name__ == '__main__':
    ctx = mp.get_context('spawn')
    event = ctx.Event()
    p = ctx.Process(target=work, args=(event,), name='slow'); p.start()
    event.wait(); p.join()
