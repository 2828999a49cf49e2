"""os._exit ends the process at once: nothing is flushed, no finally, no atexit."""
import atexit
import os

if __name__ == '__main__':
    atexit.register(print, 'never printed')
    print('flushed', flush=True)
    print('lost in the buffer when stdout is not a terminal')
    os._exit(5)
