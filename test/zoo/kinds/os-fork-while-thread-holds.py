# The same by os.fork, with the lock in a class
# rules: fork-with-threads

import multiprocessing as mp, threading, time, os
lock = threading.RLock()
class Cache:
    def __init__(self): self.lock = threading.Lock(); self.data = {}
    def get(self, k):
        with self.lock:
            time.sleep(.3); return self.data.get(k)
cache = Cache()
def refresh():
    while True: cache.get('x')
def child(): cache.get('y')
if __name__ == '__main__':
    threading.Thread(target=refresh, daemon=True).start(); time.sleep(.1)
    pid = os.fork()
    if pid == 0:
        child(); os._exit(0)
    os.waitpid(pid, 0)
