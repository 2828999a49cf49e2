# Spawned processes are started without a main guard
# rules: missing-main-guard

import multiprocessing as mp
mp.set_start_method('spawn')
def work(n): print(n)
ps = [mp.Process(target=work, args=(i,)) for i in range(2)]
for p in ps: p.start()
for p in ps: p.join()
