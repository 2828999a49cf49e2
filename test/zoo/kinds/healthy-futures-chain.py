# Tasks of one executor wait for those of another, which take long
# exit: 0

import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
def slow(n): time.sleep(5); return n
if __name__ == '__main__':
    with ProcessPoolExecutor(2) as inner, ThreadPoolExecutor(2) as outer:
        print(list(outer.map(lambda n: inner.submit(slow, n).result(), range(2))))
