# Tasks of a ThreadPoolExecutor wait for tasks of the same
# rules: pool-starvation

from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(2)
def inner(n): return n
def outer(n): return pool.submit(inner, n).result()
print(list(pool.map(outer, range(4))))
