# A child stops itself, its parent joins it
# rules: stopped-member

import multiprocessing as mp, os, signal
ctx = mp.get_context('fork')
def child(): os.kill(os.getpid(), signal.SIGSTOP); print('on')
if __name__ == '__main__':
    p = ctx.Process(target=child, name='sleeper'); p.start(); p.join()
