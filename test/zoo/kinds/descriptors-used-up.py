# Each Process takes a descriptor, and there are only 40
# rules: too-many

import multiprocessing as mp, resource, os
ctx = mp.get_context('fork')
def work(i):
    import time; time.sleep(1)
if __name__ == '__main__':
    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    ps = []
    for i in range(50):
        p = ctx.Process(target=work, args=(i,), name=f'job-{i}'); p.start(); ps.append(p)
