"""Leaving `with Pool` ends the workers, busy or not: __exit__ calls terminate(). What they have not done is lost."""
import multiprocessing
import time


def pause(_):
    time.sleep(60)


if __name__ == '__main__':
    with multiprocessing.Pool(2) as pool:
        pool.map_async(pause, range(2))
        time.sleep(1)
    print('the pool has left')
