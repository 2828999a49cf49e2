# A child ignores SIGTERM, terminate() and join() wait for it
# rules: ignores-terminate

import multiprocessing as mp, signal, time
ctx = mp.get_context('fork')
def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True: time.sleep(1)
if __name__ == '__main__':
    p = ctx.Process(target=stubborn, name='stubborn'); p.start(); time.sleep(.5)
    p.terminate(); p.join()
