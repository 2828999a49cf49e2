"""Any process may signal another of the same user: here one child ends its sibling with os.kill."""
import multiprocessing
import os
import signal
import time


def victim():
    time.sleep(60)


def culprit(pid):
    os.kill(pid, signal.SIGTERM)


if __name__ == '__main__':
    abel = multiprocessing.Process(name='Abel', target=victim)
    abel.start()
    cain = multiprocessing.Process(name='Cain', target=culprit, args=(abel.pid,))
    cain.start()
    for process in (abel, cain):
        process.join()
        print(process.name, process.exitcode)
