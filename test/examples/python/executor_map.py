"""concurrent.futures gives a pool of processes the same face as a pool of threads."""
from concurrent.futures import ProcessPoolExecutor


def cube(number):
    return number ** 3


if __name__ == '__main__':
    with ProcessPoolExecutor(max_workers=2) as executor:
        print(list(executor.map(cube, range(8))))
