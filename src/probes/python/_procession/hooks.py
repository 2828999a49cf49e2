"""
Hooks on builtin functions that cannot be told from the originals by what the program prints, pickles, catches or traces.

A hook in which the program may wait, or die, must not be on the stack meanwhile: `signals` and `waits` find ways to hand
the call on to C. The others are Python functions. An exception that passes through such a one leaves its frame in the
traceback; ours takes itself out: a bare `raise` does not add the current frame again, so it is enough to cut the
traceback before it.
"""
import _imp
import os
import sys
from _thread import get_ident

from .journal import me

PROBE = sys._getframe().f_code.co_filename.rpartition('hooks.py')[0]
LIBRARY = os.__file__[:os.__file__.rindex('/') + 1]
busy = set()  # threads in a step of ours, of which the program's audit hooks and trace functions are not to hear


def is_ours(frame):
    return frame.f_code.co_filename.startswith(PROBE)


def is_library(filename):
    """Whether code is the standard library's or the probe's, as opposed to the program's or a package's."""
    if filename.startswith(LIBRARY):
        return '/site-packages/' not in filename and '/dist-packages/' not in filename
    return filename.startswith('<frozen ') or filename.startswith(PROBE)


def outside(frame):
    """The innermost frame that is not ours, from `frame` on; None where no Python code has called."""
    while frame is not None and is_ours(frame):
        frame = frame.f_back
    return frame


def without_our_frames(error):
    """Cuts the probe's frames out of an exception's traceback and returns the traceback."""
    thread = enter()
    try:
        return cut(error)
    finally:
        busy.discard(thread)


def cut(error):
    trace = error.__traceback__
    while trace is not None and is_ours(trace.tb_frame):
        trace = trace.tb_next
    at = trace
    while at is not None:
        after = at.tb_next
        while after is not None and is_ours(after.tb_frame):
            after = after.tb_next
        if after is not at.tb_next:
            at.tb_next = after
        at = after
    error.__traceback__ = trace
    return trace


def enter():
    """Notes that this thread is in a step, where somebody might hear of it; gives what is to be discarded at its end."""
    if not me.watched:
        return 0
    thread = get_ident()
    if thread in busy:
        return 0
    busy.add(thread)
    return thread


def quietly(step, *args):
    """
    Calls a step of the probe. Its own failures vanish; an exception of the program's that happened to arrive during the
    step does not. Nothing is done in a process that has locked itself in.
    """
    if me.locked:
        return None
    thread = enter()
    try:
        return step(*args)
    except Exception as error:
        if is_foreign(error):
            raise
        return None
    finally:
        busy.discard(thread)


def is_foreign(error):
    """Whether a signal handler of the program has raised it, or PyThreadState_SetAsyncExc."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return not is_library(trace.tb_frame.f_code.co_filename) or type(error).__module__ != 'builtins'


def traceless(function):
    """
    For functions that end in `trace, error, type(error)` and `raise`. CPython 3.8 to 3.10 re-raise with the traceback
    on the value stack, not with the exception's own: there the three values are raised from the stack.
    """
    operation = {(3, 8): 88, (3, 9): 48, (3, 10): 119}.get(sys.version_info[:2])  # END_FINALLY, RERAISE, RERAISE
    build_and_pop = bytes((102, 3, 1, 0))  # BUILD_TUPLE 3, POP_TOP
    code = function.__code__
    if operation and sys.implementation.name == 'cpython' and code.co_code.count(build_and_pop) == 1:
        raw = code.co_code.replace(build_and_pop, bytes((9, 0, operation, 0)))  # NOP
        function.__code__ = code.replace(co_code=raw)
    return function


class Builtin:
    """
    Stands in for a builtin function of a module. `before(args, kwargs)` may change `kwargs` and return `(args, note)`;
    `after(result, args, note)` sees what came back, `failed(error, args, note)` what was raised, and `given(result)` gives
    what the program gets instead. Where the program may wait or die in it, `pick(self)` gives the builtin function, or
    something else that is no Python function, to be called in its place: no frame of ours is on the stack then.

    Not a function, because a builtin does not bind when it is a class's attribute. It claims to be a builtin, to which
    `inspect` and `pydoc` listen: isinstance() asks `__class__`, too.
    """

    __class__ = property(lambda self: type(len))
    all = {}  # name -> hook
    profiled = False  # a profiler counts calls of builtin functions by Python code: there must be some
    pick = before = after = failed = given = None

    def __init__(self, module, name, home=None, **steps):
        """`home` is the module of ours whose `steps(name)` gives the steps at the first call, where they are not given here."""
        real = getattr(module, name)
        vars(self).update(steps, real=real, module=module, home=home, __module__=real.__module__, __name__=name, __qualname__=name)
        self.all[name] = self
        self.replace(real, self)

    def fetch(self):
        home, self.home = self.home, None
        vars(self).update(load(home).steps(self.__name__))

    def replace(self, one, other):
        """Puts one function in place of the other, unless the program has put a third there."""
        name = self.__name__
        # `os` has it from `posix`, where pickle looks for it.
        for module in (self.module, sys.modules.get(self.__module__)):
            if getattr(module, name, None) is one:
                setattr(module, name, other)

    __doc__ = property(lambda self: self.real.__doc__)
    __self__ = property(lambda self: getattr(self.real, '__self__', None))
    # os.reload_environ of 3.14 is no builtin, and takes nothing.
    __text_signature__ = property(lambda self: getattr(self.real, '__text_signature__', '()'))

    @traceless
    def framed(self, *args, **kwargs):
        """The call with our frame around it."""
        if self.home:
            quietly(self.fetch)
        note = None
        try:
            if self.before is not None:
                args, note = quietly(self.before, args, kwargs) or (args, None)
            result = self.real(*args, **kwargs)
            if self.after is not None:
                quietly(self.after, result, args, note)
            return result if self.given is None else self.given(result)
        except BaseException as error:
            if self.failed is not None:
                quietly(self.failed, error, args, note)
            trace = without_our_frames(error)
            trace, error, type(error)
            raise

    @property
    @traceless
    def __call__(self):
        try:
            if self.home:
                quietly(self.fetch)
            if self.pick is None or self.profiled:
                return self.framed
            return quietly(self.pick, self) or (self.real if me.locked else self.framed)
        except BaseException as error:
            trace = without_our_frames(error)
            trace, error, type(error)
            raise

    def __reduce__(self):
        return self.__name__

    def __repr__(self):
        return repr(self.real)

    def __eq__(self, other):
        return other is self or other is self.real  # `os.execve in os.supports_fd`

    def __hash__(self):
        return hash(self.real)


Builtin.__name__ = Builtin.__qualname__ = type(len).__name__
Builtin.__module__ = type(len).__module__
CALL = Builtin.framed.__code__  # what a call from within a hook is made by


def borrowed(name):
    """A builtin module that the program may not have imported, and does not find imported afterwards."""
    module = sys.modules.get(name)
    if module is None:
        spec = type(sys.__spec__)(name, None)
        module = _imp.create_builtin(spec) if _imp.is_builtin(name) else __import__(name)
        _imp.exec_builtin(module)
        sys.modules.pop(name, None)
    return module


def load(name):
    """A module of the probe's, by its bare name."""
    return getattr(sys.modules[__package__], name)


def later(module, name):
    """A step in a module of the probe's that is loaded when it is first needed."""
    def step(*args):
        return getattr(load(module), name)(*args)

    return step


def builtin(module, name, home=None, **steps):
    """Hooks `module.name` where the platform has it."""
    if hasattr(module, name):
        Builtin(module, name, home, **steps)
