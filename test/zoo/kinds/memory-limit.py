# A child uses up its limit of memory
# rules: out-of-memory

import multiprocessing as mp, resource
ctx = mp.get_context('fork')
def work():
    resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000))
    data = [bytes(50_000_000) for _ in range(20)]
if __name__ == '__main__':
    p = ctx.Process(target=work, name='eater'); p.start(); p.join()
