"""
Errors that end a thread, or that a queue's thread meets when it pickles: nobody but the terminal hears of them, and somebody may wait
for ever for what they took along. No frame of ours is on the stack while they are reported to the program.
"""
import sys

from . import places
from .errors import chain, message_of, name_of
from .hooks import quietly
from .journal import emit
from .texts import render

MAX_TEXT = 16384
HOOK = '_invoke_excepthook'


def observe(threading):
    """
    A thread that is about to report an uncaught error looks up its `_invoke_excepthook`, which every Thread has in its own
    dictionary: a property of the class comes first.
    """
    kind = threading.Thread
    if HOOK in vars(kind) or not hasattr(threading, '_make_invoke_excepthook'):
        return

    def get(thread):
        if sys._getframe(1).f_code.co_name == '_bootstrap_inner':
            quietly(ended, thread)
        return thread.__dict__[HOOK]

    def set_(thread, value):
        thread.__dict__[HOOK] = value

    def delete(thread):
        del thread.__dict__[HOOK]

    setattr(kind, HOOK, property(get, set_, delete))


def ended(thread):
    error = sys.exc_info()[1]
    if error is not None and not isinstance(error, SystemExit):
        report(error, str(thread._name))


def observe_queue(kind):
    """The thread of a queue hands what it can't pickle to `_on_queue_feeder_error`, which prints it."""
    real = kind.__dict__.get('_on_queue_feeder_error')
    if not isinstance(real, staticmethod) or getattr(real.__func__, '__module__', '') == __name__:
        return
    function = real.__func__

    def _on_queue_feeder_error(e, obj):
        quietly(report, e, 'QueueFeederThread', culprit(obj))
        return function(e, obj)

    _on_queue_feeder_error.__doc__ = function.__doc__
    _on_queue_feeder_error.__qualname__ = function.__qualname__
    kind._on_queue_feeder_error = staticmethod(_on_queue_feeder_error)


def culprit(value, depth=2):
    """Where a function stands that can't be pickled, alone or in a container; None where there is none."""
    kind = type(value)
    if kind is places.Function:
        return places.target(value) if '<' in value.__qualname__ else None
    if depth and kind in (tuple, list, dict):
        for part in list(value.values() if kind is dict else value)[:20]:
            found = culprit(part, depth - 1)
            if found:
                return found
    return None


def report(error, thread, site=None):
    emit('error', render({'type': name_of(type(error)), 'message': message_of(error)[:4096],
                          'traceback': chain(error)[-MAX_TEXT:], 'thread': thread, 'site': site}))
