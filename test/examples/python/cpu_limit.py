"""A limit on CPU time (ulimit -t): the kernel ends the process by SIGXCPU when it has used it up."""
import multiprocessing
import resource


def spin():
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (1, most))
    while True:
        pass


if __name__ == '__main__':
    process = multiprocessing.Process(target=spin)
    process.start()
    process.join()
    print('exit code', process.exitcode)
