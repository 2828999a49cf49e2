"""
Signals that the program sends. One may end the program itself, so it is told before it is sent; and it may make a handler,
or the kernel, look at the stack, where no frame of ours must be.

C makes two calls for us: `operator.setitem(target, pid, number)` calls `target.__setitem__`, which is a class here; making
an instance of it calls `__new__`, a function of ours that has returned by the time that `__init__`, the builtin function,
is called. What comes of `__setitem__` is ignored, and setitem() returns None, as os.kill() does.
"""
import posix
import sys

from . import places
from .hooks import Builtin, borrowed, is_library, outside, quietly, traceless, without_our_frames
from .journal import bare, emit, me, refer
from .texts import render

NSIG = 65
names = {}
calls = {}  # name of a hook -> what is called in its place
odd = set()  # how calls look in this version's bytecode that need not have two positional arguments


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
        receiver = bare(-(to or posix.getpgrp()))
    else:
        receiver = refer(to) if to > 0 else bare(to or -posix.getpgrp())
    site, via = places.call(sys._getframe())
    emit('signal', render({'to': receiver, 'signal': signal_name(number), 'via': via or 'os.' + hook.__name__, 'site': site}))


def steps(name):
    return {'pick': pick, 'before': lambda args, kwargs: tell(Builtin.all[name], *args)}


def pick(hook):
    """
    What tells and calls. Where the program may have given another number of arguments, it is the function with a frame of
    ours, because setitem() would complain in words of its own.
    """
    if not odd:
        learn()
    frame = outside(sys._getframe())
    if frame is not None and not is_library(frame.f_code.co_filename):
        if frame.f_code.co_code[frame.f_lasti:frame.f_lasti + 2] in odd:
            return None
    return calls.get(hook.__name__) or prepare(hook)


def prepare(hook):
    class Sent:
        @traceless
        def __new__(cls, to, number):
            try:
                quietly(tell, hook, to, number)
                return object.__new__(cls)
            except BaseException as error:
                trace = without_our_frames(error)
                trace, error, type(error)
                raise

        __init__ = staticmethod(hook.real)  # on PyPy, builtin functions bind

    class Target:
        __setitem__ = Sent

    call = calls[hook.__name__] = places.Method(borrowed('_operator').setitem, Target())
    return call


def learn():
    seen = []

    class Example:
        @property
        def __call__(self):
            frame = sys._getframe(1)
            seen.append(frame.f_code.co_code[frame.f_lasti:frame.f_lasti + 2])
            return ignore

    class Holder:
        pass

    Holder.example = example = Example()
    example(1, 2), Holder.example(1, 2)
    usual = set(seen)
    example(), Holder.example(), example(1), Holder.example(1), example(1, 2, 3), Holder.example(1, 2, 3)
    pair, none = (1, 2), {}
    example(*pair), example(*pair, **none)
    example(a=1, b=2), Holder.example(a=1, b=2), example(1, b=2), Holder.example(1, b=2)
    odd.update(set(seen) - usual)


def ignore(*_, **__):
    return None
