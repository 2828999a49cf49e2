"""Forty processes that live a few milliseconds each: too short for a list of processes that is read once a second."""
import multiprocessing
import time


def blink():
    time.sleep(0.002)


if __name__ == '__main__':
    for _ in range(10):
        batch = [multiprocessing.Process(target=blink) for _ in range(4)]
        for process in batch:
            process.start()
        for process in batch:
            process.join()
    print('forty processes have come and gone')
