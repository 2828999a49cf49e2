"""Members in the states that a debugger must cope with: spinning, blocked, asleep, and one that ticks."""
import multiprocessing
import time


def spin():
    while True:
        pass


def blocked(lock):
    lock.acquire()


def asleep():
    time.sleep(600)


def ticking():
    count = 0
    while True:
        count += 1
        time.sleep(0.05)


if __name__ == '__main__':
    lock = multiprocessing.Lock()
    lock.acquire()
    multiprocessing.Process(name='spinner', target=spin).start()
    multiprocessing.Process(name='waiter', target=blocked, args=(lock,)).start()
    multiprocessing.Process(name='sleeper', target=asleep).start()
    multiprocessing.Process(name='ticker', target=ticking).start()
    time.sleep(600)
