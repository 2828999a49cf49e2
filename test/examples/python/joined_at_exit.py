"""Nobody joins these processes in the program, but Python does so before the main process ends."""
import multiprocessing
import sys
import time


def work(code):
    time.sleep(0.2)
    sys.exit(code)


if __name__ == '__main__':
    for code in (0, 1, 2):
        multiprocessing.Process(name='code {}'.format(code), target=work, args=(code,)).start()
    print('the main process has nothing left to do')
