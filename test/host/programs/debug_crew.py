"""Three workers that pass one line again and again; a fourth comes when a file asks for it."""
import multiprocessing
import pathlib
import sys
import time


def work():
    count = 0
    while True:
        count += 1
        time.sleep(0.02)


if __name__ == '__main__':
    asked = pathlib.Path(sys.argv[1])
    for number in range(3):
        multiprocessing.Process(name=f'crew-{number}', target=work).start()
    while not asked.exists():
        time.sleep(0.02)
    multiprocessing.Process(name='crew-3', target=work).start()
    time.sleep(600)
