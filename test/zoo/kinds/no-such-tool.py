# subprocess.run with a program that is not there
# rules: command-not-found

import subprocess
subprocess.run(['no-such-tool', '--version'])
