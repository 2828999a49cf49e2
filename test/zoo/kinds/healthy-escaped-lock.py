# A lock is held by a process that has left the run
# exit: 0

import multiprocessing as mp, os, sys, time
ctx = mp.get_context('fork')
if __name__ == '__main__':
    lock = ctx.Lock(); lock.acquire()
    if os.fork() == 0:
        if os.fork() == 0:
            os.setsid()
            time.sleep(6); lock.release()
        os._exit(0)
    os.wait()
    lock.acquire(); print('got it')
