# Parent and child both begin with recv() on their pipe
# rules: deadlock never-closed

import multiprocessing as mp
def child(a):
    print(a.recv())
    a.send('answer')
if __name__ == '__main__':
    ctx = mp.get_context('spawn')
    a, b = ctx.Pipe()
    p = ctx.Process(target=child, args=(b,), name='asker'); p.start()
    print(a.recv())
    a.send('question')
