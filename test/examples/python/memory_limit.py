"""A limit on memory (ulimit -v): the allocation fails, which Python reports as MemoryError."""
import multiprocessing
import resource

GIB = 2 ** 30


def allocate():
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (GIB, most))
    bytearray(2 * GIB)


if __name__ == '__main__':
    process = multiprocessing.Process(target=allocate)
    process.start()
    process.join()
    print('exit code', process.exitcode)
