# Children of os.fork are never waited for
# rules: zombies

import os, time
for i in range(8):
    if os.fork() == 0: os._exit(0)
time.sleep(6)
