"""Python starts Node starts Python starts Node ... down to 0."""
import os
import subprocess
import sys

if __name__ == '__main__':
    left = int(sys.argv[1])
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'relay.cjs')
    if left:
        subprocess.run(['node', script, str(left - 1)], check=True)
    print('Python', left)
