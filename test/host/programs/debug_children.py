"""Two children by the start method given, each of which passes a line worth stopping at."""
import multiprocessing
import sys


def work(number):
    doubled = number * 2
    print('worked', doubled, flush=True)
    sys.exit(doubled)


if __name__ == '__main__':
    context = multiprocessing.get_context(sys.argv[1])
    children = [context.Process(name=f'worker-{number}', target=work, args=(number,)) for number in (1, 2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print([child.exitcode for child in children], flush=True)
    sys.exit(5)
