# The initializer of a pool fails in each worker
# rules: respawn-storm

import multiprocessing as mp
def init(): raise RuntimeError('no GPU')
def work(n): return n
if __name__ == '__main__':
    with mp.get_context('fork').Pool(2, initializer=init) as pool: print(pool.map(work, range(4)))
