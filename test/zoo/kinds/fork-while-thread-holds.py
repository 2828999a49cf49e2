# A child is forked while a thread holds the lock that it wants
# rules: fork-with-threads

import multiprocessing as mp, threading, time, os
lock = threading.Lock()
def hold():
    with lock: time.sleep(1)
def child():
    with lock: print('child')
if __name__ == '__main__':
    threading.Thread(target=hold).start(); time.sleep(.2)
    p = mp.get_context('fork').Process(target=child, name='kid'); p.start()
    p.join()
