# Two threads take two locks in opposite order
# rules: deadlock

import threading, time
a, b = threading.Lock(), threading.Lock()
def one():
    with a:
        time.sleep(.3)
        with b: pass
def two():
    with b:
        time.sleep(.3)
        with a: pass
ts = [threading.Thread(target=f, name=f.__name__) for f in (one, two)]
for t in ts: t.start()
for t in ts: t.join()
