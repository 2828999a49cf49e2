"""The three ways to start a process: fork, spawn and forkserver. The program looks the same with each of them.

usage: start_method.py fork|spawn|forkserver
"""
import multiprocessing
import sys


def work(greeting, times=1):
    print(greeting * times)


if __name__ == '__main__':
    context = multiprocessing.get_context(sys.argv[1])
    process = context.Process(target=work, args=('ha',), kwargs={'times': 3})
    process.start()
    process.join()
    print('exit code', process.exitcode)
