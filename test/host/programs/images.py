"""Scales images on a pool: the main line waits for the results, two workers are busy, two wait for a task."""
import multiprocessing
import time


def scale(image):
    while not image.endswith('.done'):
        time.sleep(0.01)


def main():
    with multiprocessing.Pool(4) as pool:
        pool.map(scale, ['a.png', 'b.png'], 1)


if __name__ == '__main__':
    main()
