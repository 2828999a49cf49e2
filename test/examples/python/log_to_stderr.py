"""multiprocessing keeps a log of its own, which is off. Switch it on to see how a process is run, and off again."""
import logging
import multiprocessing


def work():
    print(multiprocessing.current_process().name, 'works', flush=True)


def run(name):
    process = multiprocessing.Process(name=name, target=work)
    process.start()
    process.join()


if __name__ == '__main__':
    logger = multiprocessing.log_to_stderr()
    logger.setLevel(logging.INFO)
    run('logged')
    logger.setLevel(logging.WARNING)
    run('quiet')
