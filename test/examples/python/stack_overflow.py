"""A thread whose C stack is too small for its recursion takes the whole process down with SIGSEGV."""
import multiprocessing
import threading


def dig(depth):
    return depth and max([depth], key=lambda depth: dig(depth - 1))


def dig_in_small_thread():
    threading.stack_size(32 * 1024)
    thread = threading.Thread(target=dig, args=(400,))
    thread.start()
    thread.join()


if __name__ == '__main__':
    process = multiprocessing.Process(target=dig_in_small_thread)
    process.start()
    process.join()
    print('exit code', process.exitcode)
