# The target is a method of an object with a threading.Lock
# rules: cannot-pickle

import multiprocessing as mp, threading
ctx = mp.get_context('spawn')
class Job:
    def __init__(self): self.lock = threading.Lock()
    def run(self): pass
if __name__ == '__main__':
    p = ctx.Process(target=Job().run, name='job'); p.start(); p.join()
