"""Renders frames on a pool of workers while other processes feed, watch and report. For the README's picture."""

import math
import multiprocessing
import time


def render(frame):
    """Busy for a while, some frames longer than others."""
    end = time.monotonic() + 0.4 + 0.3 * math.sin(frame)
    while time.monotonic() < end:
        math.sqrt(frame)
    return frame


def watch_memory():
    while True:
        time.sleep(0.5)


def upload(path):
    time.sleep(0.2)
    raise ValueError('no such bucket: %s' % path)


def main():
    multiprocessing.Process(target=watch_memory, name='memory-watch', daemon=True).start()
    uploader = multiprocessing.Process(target=upload, name='uploader', args=('frames/2024',))
    uploader.start()
    with multiprocessing.Manager() as manager, multiprocessing.Pool(4) as pool:
        done = manager.list()
        for frame in pool.imap_unordered(render, range(2000)):
            done.append(frame)


if __name__ == '__main__':
    main()
