"""maxtasksperchild=1: every worker does one task and is replaced by a fresh one, which frees all that the task left behind."""
import multiprocessing
import os


def whoami(_):
    return os.getpid()


if __name__ == '__main__':
    with multiprocessing.Pool(1, maxtasksperchild=1) as pool:
        print('processes that did 3 tasks:', len(set(pool.map(whoami, range(3), chunksize=1))))
        pool.close()
        pool.join()
