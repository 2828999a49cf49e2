# notify_all() came before anybody waited
# rules: nobody-sets

import multiprocessing as mp, time
ctx = mp.get_context('fork')
def wait(c):
    with c: c.wait()
if __name__ == '__main__':
    c = ctx.Condition()
    with c: c.notify_all()
    ps = [ctx.Process(target=wait, args=(c,), name=f'w-{i}') for i in range(2)]
    for p in ps: p.start()
    for p in ps: p.join()
