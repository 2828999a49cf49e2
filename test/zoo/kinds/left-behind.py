# A program in a session of its own outlives the one that started it
# rules: leftover

import subprocess, sys
subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(15)'], start_new_session=True)
print('done')
