"""The main process reads what the person types; multiprocessing closes stdin in the children."""
import multiprocessing
import sys


def work():
    print('child reads', repr(sys.stdin.read()))


if __name__ == '__main__':
    print('hello,', input())
    process = multiprocessing.Process(target=work)
    process.start()
    process.join()
    print('the rest is', repr(sys.stdin.read()))
