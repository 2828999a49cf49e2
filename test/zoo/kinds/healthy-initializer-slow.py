# The workers of a pool load for long before their first task
# exit: 0

import multiprocessing as mp, time
def load(): time.sleep(6)
def work(n): return n
if __name__ == '__main__':
    with mp.get_context('spawn').Pool(2, load) as pool: print(pool.map(work, range(4)))
