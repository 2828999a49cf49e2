"""Three workers that pass one line again and again, and count it by the bytes of a file; a fourth comes when a file asks for it."""
import multiprocessing
import os
import pathlib
import sys
import time


def work():
    beats = os.open(f'{sys.argv[1]}.{multiprocessing.current_process().name}', os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    count = 0
    while True:
        count += 1
        os.write(beats, b'.')
        time.sleep(0.02)


if __name__ == '__main__':
    asked = pathlib.Path(sys.argv[1])
    for number in range(3):
        multiprocessing.Process(name=f'crew-{number}', target=work).start()
    while not asked.exists():
        time.sleep(0.02)
    multiprocessing.Process(name='crew-3', target=work).start()
    time.sleep(600)
