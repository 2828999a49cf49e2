"""One line worth stopping at, reached in the way that is named."""
import multiprocessing
import pathlib
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor


def work(number):
    doubled = number * 2
    return doubled


def main(kind):
    if kind == 'pool':
        with multiprocessing.Pool(2) as pool:
            return pool.map(work, [1, 2], 1)
    if kind == 'executor':
        with ProcessPoolExecutor(2) as executor:
            return list(executor.map(work, [1, 2]))
    if kind == 'subprocess':
        return subprocess.run([sys.executable, __file__, 'here'], check=True).returncode
    if kind == 'node':
        return subprocess.run(['node', str(pathlib.Path(__file__).with_name('debug_tree.cjs')), 'tick']).returncode
    return work(1)


if __name__ == '__main__':
    print(main(sys.argv[1]), flush=True)
