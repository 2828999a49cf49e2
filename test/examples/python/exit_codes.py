"""What Process.exitcode says about each way in which a process can end: n for exit(n), -n for signal n."""
import multiprocessing
import os
import sys
import time


def returns():
    return 'a value that nobody gets'


def exits():
    sys.exit(3)


def exits_with_text():
    sys.exit('a text goes to stderr and the code is 1')


def raises():
    raise RuntimeError('There was an error!')


def leaves_at_once():
    os._exit(4)


def aborts():
    os.abort()


def sleeps():
    time.sleep(60)


def report(process):
    process.join()
    print(process.name, process.exitcode, flush=True)


if __name__ == '__main__':
    for function in (returns, exits, exits_with_text, raises, leaves_at_once, aborts):
        process = multiprocessing.Process(name=function.__name__, target=function)
        process.start()
        report(process)
    for end in (multiprocessing.Process.terminate, multiprocessing.Process.kill):
        process = multiprocessing.Process(name=end.__name__, target=sleeps)
        process.start()
        end(process)
        report(process)
