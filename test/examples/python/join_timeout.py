"""join(timeout) returns after the timeout even if the process goes on: ask is_alive() or exitcode which it was."""
import multiprocessing
import time


def work():
    time.sleep(0.5)


if __name__ == '__main__':
    process = multiprocessing.Process(target=work)
    process.start()
    process.join(timeout=0.1)
    print('alive after the short join:', process.is_alive(), '- exit code', process.exitcode)
    process.join()
    print('alive after the long join:', process.is_alive(), '- exit code', process.exitcode)
