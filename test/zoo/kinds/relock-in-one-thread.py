# One thread takes a threading.Lock twice
# rules: self-deadlock

import threading
lock = threading.Lock()
def outer():
    with lock: inner()
def inner():
    with lock: pass
outer()
