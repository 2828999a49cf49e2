"""A Python program that has some of its work done by Node."""
import json
import os
import subprocess

if __name__ == '__main__':
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'sum.cjs')
    done = subprocess.run(['node', script], input=json.dumps([1, 2, 3]), stdout=subprocess.PIPE, universal_newlines=True)
    print('Node says', done.stdout.strip(), '- exit code', done.returncode)
