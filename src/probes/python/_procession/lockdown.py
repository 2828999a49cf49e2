"""
A process that forbids itself system calls by seccomp(2) may be killed at the first one that it does not make itself. It can't
be asked whether it has, because that is a system call, too. So it is noticed where it is done: in what ctypes calls, in
the package `prctl`, and by the import of libseccomp's own module. From then on nothing is told. Other extension modules
can't be watched; where one of them may do it, the process leaves without last words.
"""
from . import environment
from .hooks import builtin, quietly, traceless, without_our_frames
from .journal import me, read

PR_SET_SECCOMP = 22
SECCOMP = (317, 277, 354, 383, 358, 348)  # x86-64, ARM 64 and RISC-V, x86, ARM, POWER, s390


MEANS = b'\0prctl\0', b'\0seccomp_load\0'  # names of functions that an extension module is linked to
HARMLESS = ('_prctl', 'gevent', 'grpc', 'ray', 'seccomp', 'setproctitle', 'torch', 'uvloop')  # packages
HEAD = 1 << 18  # bytes; the names stand in the first part of a file


def lock():
    """What this process executes from here on lives under the same restrictions, so it gets no probe."""
    me.locked = me.silent = True
    environment.withdraw()


def expect(module):
    lock()


def meet_extension(name, path):
    """An extension module that is none of the standard library's is about to be loaded."""
    if name.partition('.')[0] not in HARMLESS:
        head = read(path, HEAD)
        me.suspect = me.suspect or any(function in head for function in MEANS)


def watch_prctl(module):
    builtin(module, 'prctl', after=after_prctl)


def after_prctl(result, args, note):
    if args and args[0] == PR_SET_SECCOMP:
        lock()


def by_prctl(option=None, *others):
    return value_of(option) == PR_SET_SECCOMP


def by_syscall(number=None, operation=None, *others):
    return value_of(number) in SECCOMP and value_of(operation) in (0, 1)  # SET_MODE_STRICT, SET_MODE_FILTER


def by_libseccomp(*arguments):
    return True


LOCKS = {'prctl': by_prctl, 'syscall': by_syscall, 'seccomp_load': by_libseccomp}


def value_of(argument):
    return getattr(argument, 'value', argument)


def watch_ctypes(module):
    """Functions of libraries are looked up by `CDLL.__getitem__`, by attribute, too."""
    real = module.CDLL.__getitem__
    errcheck = module._CFuncPtr.errcheck.__set__

    @traceless
    def __getitem__(self, name_or_ordinal):
        try:
            function = real(self, name_or_ordinal)
            if type(name_or_ordinal) is str and name_or_ordinal in LOCKS:
                if me.waits:
                    quietly(me.settle)  # it may be the last occasion
                quietly(watch, function, LOCKS[name_or_ordinal], errcheck)
            return function
        except BaseException as error:
            trace = without_our_frames(error)
            trace, error, type(error)
            raise

    __getitem__.__qualname__, __getitem__.__module__ = real.__qualname__, real.__module__
    module.CDLL.__getitem__ = __getitem__


def watch(function, locks, errcheck):
    """ctypes calls `errcheck` when a function has returned. Ours is not to be seen, and calls the program's."""
    kind = type(function)
    users = property(lambda self: vars(self).get('errcheck'),
                     lambda self, check: vars(self).__setitem__('errcheck', check),
                     lambda self: vars(self).pop('errcheck', None))
    function.__class__ = type(kind)(kind.__name__, (kind,), {
        '_flags_': kind._flags_, '_restype_': kind._restype_, '__module__': kind.__module__,
        '__qualname__': kind.__qualname__, 'errcheck': users})

    @traceless
    def returned(result, function, arguments):
        try:
            if not result and locks(*arguments):
                lock()
            check = vars(function).get('errcheck')
            return result if check is None else check(result, function, arguments)
        except BaseException as error:
            trace = without_our_frames(error)
            trace, error, type(error)
            raise

    errcheck(function, returned)
