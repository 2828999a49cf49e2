"""Pool.map spreads the calls of one function over as many worker processes as the machine has cores."""
import multiprocessing


def square(number):
    return number * number


if __name__ == '__main__':
    with multiprocessing.Pool(multiprocessing.cpu_count()) as pool:
        print(pool.map(square, range(12)))
        pool.close()
        pool.join()
