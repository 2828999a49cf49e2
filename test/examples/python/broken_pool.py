"""When a worker of a ProcessPoolExecutor dies, the executor ends the others too and fails every call."""
import os
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool


def innocent():
    time.sleep(60)


def culprit():
    time.sleep(0.2)
    os._exit(13)


if __name__ == '__main__':
    with ProcessPoolExecutor(max_workers=2) as executor:
        futures = [executor.submit(innocent), executor.submit(culprit)]
        for future in futures:
            print(isinstance(future.exception(), BrokenProcessPool))
