"""Reading memory that may not be read: the kernel ends the process by SIGSEGV and Python can't catch it."""
import mmap
import multiprocessing


def touch_forbidden_memory():
    forbidden = mmap.mmap(-1, mmap.PAGESIZE, prot=0)
    return forbidden[0]


if __name__ == '__main__':
    process = multiprocessing.Process(target=touch_forbidden_memory)
    process.start()
    process.join()
    print('exit code', process.exitcode)
