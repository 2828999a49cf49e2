# Sixteen processes are busy on a few cores
# rules: oversubscribed

import multiprocessing as mp, time
ctx = mp.get_context('fork')
def burn():
    end = time.time() + 5
    while time.time() < end: pass
if __name__ == '__main__':
    ps = [ctx.Process(target=burn, name=f'burn-{i}') for i in range(16)]
    for p in ps: p.start()
    for p in ps: p.join()
