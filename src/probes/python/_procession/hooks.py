"""
Hooks on builtin functions that cannot be told from the originals by what the program prints, pickles or catches.

An exception that passes through a Python function leaves that function's frame in the traceback. Ours takes itself out:
a bare `raise` does not add the current frame again, so it is enough to cut the traceback before it.
"""
import os
import sys

PROBE = sys._getframe().f_code.co_filename.rpartition('hooks.py')[0]
LIBRARY = os.__file__[:os.__file__.rindex('/') + 1]


def is_ours(frame):
    return frame.f_code.co_filename.startswith(PROBE)


def is_library(filename):
    """Whether code is the standard library's or the probe's, as opposed to the program's or a package's."""
    if filename.startswith(LIBRARY):
        return '/site-packages/' not in filename and '/dist-packages/' not in filename
    return filename.startswith('<frozen ') or filename.startswith(PROBE)


def without_our_frames(error):
    """Cuts the probe's frames out of an exception's traceback and returns the traceback."""
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


def quietly(step, *args):
    """
    Calls a step of the probe. Its own failures vanish; an exception from a signal handler of the program, which
    happened to run during the step, does not.
    """
    try:
        return step(*args)
    except Exception as error:
        trace = error.__traceback__
        while trace.tb_next is not None:
            trace = trace.tb_next
        if not is_library(trace.tb_frame.f_code.co_filename):
            raise
        return None


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
    `after(result, args, note)` sees what came back, `failed(error, args, note)` what was raised. Not a function, because
    a builtin does not bind when it is a class's attribute. It claims to be a builtin, to which `inspect` and `pydoc` listen:
    isinstance() asks `__class__`, too.
    """

    __class__ = property(lambda self: type(len))

    def __init__(self, module, name, before=None, after=None, failed=None):
        self.real = real = getattr(module, name)
        self.before, self.after, self.failed = before, after, failed
        self.__module__ = home = real.__module__
        self.__name__ = self.__qualname__ = name
        self.__doc__ = real.__doc__
        self.__self__ = getattr(real, '__self__', None)
        # os.reload_environ of 3.14 is no builtin, and takes nothing.
        self.__text_signature__ = getattr(real, '__text_signature__', '()')
        setattr(module, name, self)
        if home != module.__name__:
            # `os` has it from `posix`, where pickle looks for it.
            setattr(sys.modules[home], name, self)

    @traceless
    def __call__(self, *args, **kwargs):
        note = None
        try:
            if self.before is not None:
                args, note = quietly(self.before, args, kwargs) or (args, None)
            result = self.real(*args, **kwargs)
            if self.after is not None:
                quietly(self.after, result, args, note)
            return result
        except BaseException as error:
            if self.failed is not None:
                quietly(self.failed, error, args, note)
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


def builtin(module, name, **steps):
    """Hooks `module.name` where the platform has it."""
    if hasattr(module, name):
        Builtin(module, name, **steps)
