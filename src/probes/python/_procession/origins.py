"""
Where the program made its locks and queues. Each registers itself with `multiprocessing.util.register_after_fork` at the end of its
`__init__`, so this is where it is noted: by the address of its semaphore, so that nothing is kept alive.
"""
import sys

from . import places
from .hooks import quietly

MAX_MADE = 4096
made = {}  # address of a semaphore -> (file, line, function)


def observe(util):
    """`multiprocessing.util` has been imported."""
    real = util.register_after_fork

    def register_after_fork(obj, func):
        real(obj, func)
        quietly(note, obj)

    register_after_fork.__doc__ = real.__doc__
    register_after_fork.__qualname__ = real.__qualname__
    util.register_after_fork = register_after_fork


def note(value):
    semaphore = getattr(value, '_semlock', None)
    if semaphore is None:
        from . import threads
        threads.observe_queue(type(value))
        return
    frame = places.caller(sys._getframe(3))[0]
    if frame is not None:
        if len(made) >= MAX_MADE:
            made.clear()
        made[semaphore.handle] = frame.f_code.co_filename, frame.f_lineno, getattr(frame.f_code, 'co_qualname', frame.f_code.co_name)


def place_of(semaphore):
    """The place where a semaphore was made in this process, or None."""
    known = made.get(semaphore.handle)
    if known is None:
        return None
    file, line, function = known
    site = {'file': file if file.startswith('<') else places.absolute(file), 'line': line}
    if function != '<module>':
        site['function'] = function
    return site
