# wait() on a program whose output nobody reads
# rules: full-pipe join-before-drain

import subprocess, sys
p = subprocess.Popen([sys.executable, '-c', 'print("x" * 1000000)'], stdout=subprocess.PIPE)
p.wait()
print(len(p.stdout.read()))
