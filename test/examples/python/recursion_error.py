"""Python counts the frames and raises RecursionError before the stack is full: an exception like any other."""
import multiprocessing


def down(depth):
    return down(depth + 1)


if __name__ == '__main__':
    process = multiprocessing.Process(target=down, args=(0,))
    process.start()
    process.join()
    print('exit code', process.exitcode)
