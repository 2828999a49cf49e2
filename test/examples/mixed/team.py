"""Two processes with names."""
import multiprocessing
import sys


def work():
    print(multiprocessing.current_process().name, 'at work', flush=True)


if __name__ == '__main__':
    for name in ('left', 'right'):
        process = multiprocessing.Process(name=name, target=work)
        process.start()
        process.join()
    sys.exit(2)
