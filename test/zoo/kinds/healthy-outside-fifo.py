# A reader waits for somebody who is no member: the pipe has a name
# exit: 0

import multiprocessing as mp, os, subprocess, tempfile
def read(path):
    with open(path) as file: print(file.read())
if __name__ == '__main__':
    path = os.path.join(tempfile.mkdtemp(), 'fifo'); os.mkfifo(path)
    subprocess.run(['env', '-i', 'sh', '-c', '(sleep 6; echo late > %s) > /dev/null 2>&1 < /dev/null &' % path])
    p = mp.get_context('fork').Process(target=read, args=(path,), name='reader'); p.start(); p.join()
