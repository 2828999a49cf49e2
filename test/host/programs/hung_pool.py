"""A pool whose worker leaves in the middle of a task, so that its result never comes."""
import multiprocessing
import os


def shrink(number):
    if number == 3:
        os._exit(1)
    return number


def main():
    with multiprocessing.get_context('fork').Pool(2) as pool:
        print(pool.map(shrink, range(8), chunksize=1))


if __name__ == '__main__':
    main()
