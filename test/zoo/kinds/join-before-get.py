# Spawned producers are joined before their large items are taken
# rules: join-before-drain

import multiprocessing as mp
def work(q, n): q.put('x' * 1_000_000)
if __name__ == '__main__':
    ctx = mp.get_context('spawn')
    q = ctx.Queue()
    ps = [ctx.Process(target=work, args=(q, i), name=f'producer-{i}') for i in range(2)]
    for p in ps: p.start()
    for p in ps: p.join()
    print(len(q.get()))
