# A program waits for a signal that somebody outside sends
# exit: 0

import os, signal, subprocess, threading
got = threading.Event()
signal.signal(signal.SIGUSR1, lambda *_: got.set())
# Nothing of ours: started by a shell that has ended, without our environment.
subprocess.run(['env', '-i', 'sh', '-c', '(sleep 6; kill -USR1 %d) > /dev/null 2>&1 < /dev/null &' % os.getpid()])
signal.pause()
print('woken')
