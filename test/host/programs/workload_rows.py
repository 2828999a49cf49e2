"""A function for many rows: one of them fails until the file `corrected` lies beside this one."""
import os
import time

here = os.path.dirname(os.path.abspath(__file__))


def half(number):
    time.sleep(0.1)
    if number == 3 and not os.path.exists(os.path.join(here, 'corrected')):
        raise ValueError('three is bad')
    print('halved', number)
    return number / 2


def nothing():
    return None
