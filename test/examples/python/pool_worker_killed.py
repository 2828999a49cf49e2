"""When a Pool worker is killed from outside, the Pool starts another, but the task is lost and its result never comes."""
import multiprocessing
import os
import signal
import time

context = multiprocessing.get_context('fork')
pids = context.SimpleQueue()


def victim():
    pids.put(os.getpid())
    time.sleep(60)


def double(number):
    return 2 * number


if __name__ == '__main__':
    with context.Pool(1) as pool:
        lost = pool.apply_async(victim)
        os.kill(pids.get(), signal.SIGKILL)
        print('the next worker says', pool.apply(double, (21,)))
        try:
            lost.get(timeout=0.2)
        except multiprocessing.TimeoutError:
            print('the result of the lost task never comes')
