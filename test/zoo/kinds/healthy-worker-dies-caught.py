# A child fails, its parent looks at its exit code and does the work itself
# exit: 0

import multiprocessing as mp, sys
ctx = mp.get_context('fork')
def work(): sys.exit(3)
if __name__ == '__main__':
    p = ctx.Process(target=work, name='first'); p.start(); p.join()
    print('failed, done here' if p.exitcode else 'done')
