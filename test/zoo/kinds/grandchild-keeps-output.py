# A background program inherits the output that its grandparent reads to the end
# rules: never-closed

import subprocess, sys
code = "import subprocess,sys; subprocess.Popen([sys.executable,'-c','import time; time.sleep(60)'], start_new_session=True); print('started')"
print(subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout)
