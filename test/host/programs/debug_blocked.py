"""A ticker that counts, and one that is blocked until the file that is named exists; then it counts too."""
import multiprocessing
import os
import sys
import time


def work(name, lock):
    lock.acquire()
    while True:
        with open('%s.%s' % (sys.argv[1], name), 'a') as counted:
            counted.write('.')
        time.sleep(0.02)


if __name__ == '__main__':
    taken, free = multiprocessing.Lock(), multiprocessing.Lock()
    taken.acquire()
    multiprocessing.Process(name='ticker', target=work, args=('ticker', free)).start()
    multiprocessing.Process(name='blocked', target=work, args=('blocked', taken)).start()
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.05)
    taken.release()
    time.sleep(600)
