"""Give processes names, so that a log or a list of processes can be read.

A Process without a name is called after its place in the order of creation: the third one is Process-3.
"""
import multiprocessing


def work():
    print(multiprocessing.current_process().name, 'works')


if __name__ == '__main__':
    service = multiprocessing.Process(name='service', target=work)
    backup = multiprocessing.Process(name='backup', target=work)
    unnamed = multiprocessing.Process(target=work)
    for process in (service, backup, unnamed):
        process.start()
        process.join()
    print(multiprocessing.current_process().name, 'is done')
