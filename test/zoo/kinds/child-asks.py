# A child asks with input(), its question goes into a pipe
# rules: waits-for-stdin

import subprocess, sys
p = subprocess.Popen([sys.executable, '-c', 'name = input("name? "); print(name)'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
p.wait()
