"""A family that lives until it is ended: two workers, one of them with a child of its own, and a daemon."""
import multiprocessing
import time


def wait_long():
    time.sleep(600)


def parent_of_one():
    multiprocessing.Process(name='grandchild', target=wait_long).start()
    wait_long()


if __name__ == '__main__':
    multiprocessing.Process(name='quiet', target=wait_long).start()
    multiprocessing.Process(name='parent', target=parent_of_one).start()
    multiprocessing.Process(name='watcher', target=wait_long, daemon=True).start()
    wait_long()
