"""
Signals that the program sends. One may end the program itself, so it is told before it is sent; and it may make a handler,
or the kernel, look at the stack, where no frame of ours must be.

C makes two calls for us: `operator.setitem(target, pid, number)` calls `target.__setitem__`, which is a class here; making
an instance of it calls `__new__`, a function of ours that has returned by the time that `__init__`, the builtin function,
is called. What comes of `__setitem__` is ignored, and setitem() returns None, as os.kill() does.
"""
import posix
import sys
from _functools import partial
from _operator import setitem

from . import places
from .hooks import Builtin, outside, quietly
from .journal import emit, me, refer
from .texts import render

NSIG = 65
names = {}
calls = {}  # name of a hook -> what is called in its place
plain = set()  # how a call with two positional arguments looks in this version's bytecode


def signal_name(number):
    """SIGTERM for 15. `_signal` is builtin; `signal` would cost 2 to 5 ms."""
    if not names:
        import _signal
        for name, value in vars(_signal).items():
            if name.startswith('SIG') and not name.startswith('SIG_') and name not in ('SIGCLD', 'SIGPOLL'):
                names[int(value)] = name
    return names.get(number) or 'SIGRTMIN+%d' % (number - 34)


def tell(hook, to, number):
    """Emits `signal` if the system is going to send it: the same call with signal 0 asks whether it would."""
    if me.silent or not 0 < number < NSIG:
        return
    hook.real(to, 0)
    if hook.__name__ == 'killpg':
        receiver = '%d' % -(to or posix.getpgrp())
    else:
        receiver = refer(to) if to > 0 else '%d' % (to or -posix.getpgrp())
    site, via = places.call(sys._getframe())
    emit('signal', render({'to': receiver, 'signal': signal_name(number), 'via': via or 'os.' + hook.__name__, 'site': site}))


def before_kill(args, kwargs):
    tell(Builtin.all['kill'], *args)


def before_killpg(args, kwargs):
    tell(Builtin.all['killpg'], *args)


def pick(hook):
    """
    What tells and calls, where the program's call is a plain one. Any other gets the function with a frame of ours, because
    setitem() would complain in words of its own.
    """
    if not plain:
        learn()
    frame = outside(sys._getframe())
    at = frame.f_lasti
    if frame.f_code.co_code[at:at + 2] not in plain:
        return None
    return calls.get(hook.__name__) or prepare(hook)


def prepare(hook):
    class Sent:
        def __new__(cls, to, number):
            quietly(tell, hook, to, number)
            return object.__new__(cls)

        __init__ = hook.real

    class Target:
        __setitem__ = Sent

    call = calls[hook.__name__] = partial(setitem, Target())
    return call


def learn():
    class Example:
        @property
        def __call__(self):
            frame = sys._getframe(1)
            plain.add(frame.f_code.co_code[frame.f_lasti:frame.f_lasti + 2])
            return max

    class Holder:
        pass

    holder = Holder()
    holder.example = example = Example()
    example(1, 2)
    holder.example(1, 2)
