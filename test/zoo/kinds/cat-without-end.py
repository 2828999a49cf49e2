# cat waits for the end of its input, which its parent never closes
# rules: waits-for-stdin never-closed

import subprocess, sys
p = subprocess.Popen(['cat'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
p.stdin.write(b'hello'); p.stdin.flush()
print(p.stdout.read())
