# An exception with two arguments can not be unpickled by the thread for results
# rules: result-lost

import multiprocessing as mp
class Bad(Exception):
    def __init__(self, a, b): super().__init__(a); self.b = b
def work(n):
    if n == 2: raise Bad('x', 1)
    return n
if __name__ == '__main__':
    with mp.get_context('fork').Pool(2) as pool:
        print(pool.map(work, range(4)))
