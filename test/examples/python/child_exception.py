"""An exception in a child ends the child alone. It prints its traceback, the parent sees exit code 1 and goes on."""
import multiprocessing


def work(share):
    return 100 / share


if __name__ == '__main__':
    for share in (4, 0):
        process = multiprocessing.Process(name='share of {}'.format(share), target=work, args=(share,))
        process.start()
        process.join()
        print(process.name, 'ended with', process.exitcode, flush=True)
