"""The stack of every thread, taken while they run."""
import sys

from . import places
from .hooks import is_ours

MAX_FRAMES = 200


def stacks(main):
    """`main` is the frame that the signal interrupted. Each stack is outermost first."""
    threading = sys.modules.get('threading')
    names = {ident: thread.name for ident, thread in list(threading._active.items())} if threading else {}
    debugger = {ident for ident, thread in list(threading._active.items())
                if getattr(thread, 'is_pydev_daemon_thread', False)} if threading else set()
    here = sys.modules['_thread'].get_ident()
    found = []
    for ident, frame in sys._current_frames().items():
        if ident not in debugger:
            found.append({'thread': names.get(ident, 'thread %d' % ident) if ident != here else 'MainThread',
                          'frames': frames(main if ident == here else frame)})
    return {'threads': found}


def frames(frame):
    found = []
    while frame is not None and len(found) < MAX_FRAMES:
        code = frame.f_code
        if not is_ours(frame):
            found.append({'file': places.absolute(code.co_filename), 'line': frame.f_lineno or code.co_firstlineno,
                          'function': getattr(code, 'co_qualname', code.co_name)})
        frame = frame.f_back
    found.reverse()
    return found
