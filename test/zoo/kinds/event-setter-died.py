# The loader fails before it sets the event
# rules: nobody-sets

import multiprocessing as mp
ctx = mp.get_context('spawn')
def load(ready):
    raise FileNotFoundError('model.bin')
    ready.set()
if __name__ == '__main__':
    ready = ctx.Event()
    p = ctx.Process(target=load, args=(ready,), name='loader'); p.start()
    ready.wait()
