"""Process.exitcode is None while the process runs; reading it is enough to reap it. close() then frees the object."""
import multiprocessing
import sys
import time


def work():
    sys.exit(5)


if __name__ == '__main__':
    process = multiprocessing.Process(target=work)
    process.start()
    while process.exitcode is None:
        time.sleep(0.01)
    print('exit code', process.exitcode)
    process.close()
    try:
        process.exitcode
    except ValueError as error:
        print(error)
