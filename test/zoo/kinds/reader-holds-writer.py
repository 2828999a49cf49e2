# A forked reader waits for the end of a pipe that it could write itself
# rules: never-closed

import multiprocessing as mp, os
ctx = mp.get_context('fork')
def read(r, w):
    data = b''
    while True:
        part = os.read(r, 100)
        if not part: break
        data += part
    print(len(data))
if __name__ == '__main__':
    r, w = os.pipe()
    p = ctx.Process(target=read, args=(r, w), name='reader'); p.start()
    os.write(w, b'hello'); os.close(w); os.close(r)
    p.join()
