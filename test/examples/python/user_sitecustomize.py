"""A sitecustomize.py on PYTHONPATH runs before the program, in every Python process."""
import os
import subprocess
import sys

if __name__ == '__main__':
    print('sitecustomize is that of', os.path.basename(os.path.dirname(sys.modules['sitecustomize'].__file__)))
    print('PYTHONPATH is', os.environ['PYTHONPATH'], flush=True)
    if sys.argv[1:] != ['child']:
        subprocess.run([sys.executable, __file__, 'child'])
