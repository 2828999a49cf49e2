"""A process may start processes of its own. Their names tell the line of descent: Process-1:2 is the second of Process-1."""
import multiprocessing


def leaf():
    print(multiprocessing.current_process().name)


def branch():
    leaf()
    for _ in range(2):
        process = multiprocessing.Process(target=leaf)
        process.start()
        process.join()


if __name__ == '__main__':
    process = multiprocessing.Process(target=branch)
    process.start()
    process.join()
