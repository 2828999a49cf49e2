"""A daemon process does not keep the program alive: it is terminated when the main process ends.

Nobody joins here, yet the program waits for the service and cuts the daemon short.
"""
import multiprocessing
import time


def daemon(is_up):
    print('daemon starts', flush=True)
    is_up.set()
    time.sleep(60)
    print('daemon ends: this line is never printed')


def service():
    print('service starts', flush=True)
    time.sleep(0.3)
    print('service ends')


if __name__ == '__main__':
    is_up = multiprocessing.Event()
    multiprocessing.Process(name='daemon', target=daemon, args=(is_up,), daemon=True).start()
    is_up.wait()
    multiprocessing.Process(name='service', target=service).start()
