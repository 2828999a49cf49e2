# A spawned process for each tiny task
# rules: start-up-bound

import multiprocessing as mp
ctx = mp.get_context('spawn')
def square(n, q): q.put(n * n)
if __name__ == '__main__':
    q = ctx.Queue(); out = []
    for n in range(30):
        p = ctx.Process(target=square, args=(n, q)); p.start(); out.append(q.get()); p.join()
    print(sum(out))
