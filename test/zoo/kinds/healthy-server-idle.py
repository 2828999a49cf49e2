# A server waits for clients that come from outside, its children for work from it
# exit: 0

import multiprocessing as mp, os, socket, subprocess, sys
ctx = mp.get_context('fork')
def work(q):
    while q.get() is not None: pass
if __name__ == '__main__':
    q = ctx.Queue()
    ps = [ctx.Process(target=work, args=(q,)) for _ in range(2)]
    for p in ps: p.start()
    server = socket.create_server(('127.0.0.1', 0)); port = server.getsockname()[1]
    code = 'import socket, time; time.sleep(6); socket.create_connection(("127.0.0.1", %d))' % port
    subprocess.run(['env', '-i', 'sh', '-c', '(%s -c \'%s\') > /dev/null 2>&1 < /dev/null &' % (sys.executable, code)])
    server.accept()
    for p in ps: q.put(None)
    for p in ps: p.join()
