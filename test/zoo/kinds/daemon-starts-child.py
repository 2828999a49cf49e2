# A daemonic process starts a child
# rules: daemonic-children

import multiprocessing as mp
ctx = mp.get_context('fork')
def inner(): pass
def outer():
    p = ctx.Process(target=inner); p.start(); p.join()
if __name__ == '__main__':
    p = ctx.Process(target=outer, daemon=True, name='outer'); p.start(); p.join()
