"""Every process inherits a copy of its parent's environment; os.environ['X'] = ... changes it for later children."""
import os
import subprocess
import sys


def show(title):
    print(title)
    for name, value in sorted(os.environ.items()):
        print('  {}={}'.format(name, value))
    sys.stdout.flush()


if __name__ == '__main__':
    if sys.argv[1:] == ['child']:
        show('child')
    else:
        show('parent')
        os.environ['PYTHONPATH'] = '/for/my/children'
        subprocess.run([sys.executable, __file__, 'child'])
