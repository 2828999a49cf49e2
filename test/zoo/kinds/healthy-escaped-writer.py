# Data come from a program that has left the run: another parent, and nothing of our environment
# exit: 0

import os, subprocess
r, w = os.pipe()
os.set_inheritable(w, True)
subprocess.run(['env', '-i', 'sh', '-c', '(sleep 6; echo hello >&%d) > /dev/null 2>&1 < /dev/null &' % w], close_fds=False)
print(os.read(r, 100))
