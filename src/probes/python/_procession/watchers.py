"""
The program watches itself: audit hooks, trace and profile functions, callbacks of sys.monitoring, cProfile. They hear
of the program's steps, not of ours.

A function that the interpreter calls is replaced by a gate, whose `__call__` gives either that function or one that does
nothing: the gate is not on the stack when the function runs. `sys.gettrace()` and the like give the function itself.
"""
import sys
from _thread import get_ident

from .hooks import PROBE, Builtin, builtin, busy, is_ours, outside, quietly
from .journal import me

named = []  # see name_loader()
DEBUGGERS = ('pydevd', '_pydevd')  # they leave code alone that is not a file's


def ignore(*_):
    return None


def in_a_step():
    """Whether what the interpreter tells a gate about is ours, or something that we have called."""
    thread = get_ident()
    if thread in busy:
        return True
    busy.add(thread)  # an audit hook would hear of `sys._getframe`
    try:
        return is_ours(sys._getframe(2))
    finally:
        busy.discard(thread)


class Gate:
    """For trace functions and the callbacks of sys.monitoring."""

    def __init__(self, function):
        self.function = function

    @property
    def __call__(self):
        return ignore if in_a_step() else self.function


class ProfileGate(Gate):
    """A builtin function that is hooked, or a method of a set of ours, was called by the program, although a frame of ours has."""

    @property
    def __call__(self):
        return self.forward if in_a_step() else self.function

    def forward(self, frame, event, argument):
        if event[0] == 'c' and event != 'call' and get_ident() not in busy and is_programs(argument):
            program = outside(frame)
            if program is not None:
                self.function(program, event, argument)


class AuditGate(Gate):
    def __init__(self, hook):
        self.function = hook
        if hasattr(hook, '__cantrace__'):
            self.__cantrace__ = hook.__cantrace__

    @property
    def __call__(self):
        return ignore if get_ident() in busy else self.function


def is_programs(function):
    owner = getattr(function, '__self__', None)
    return type(owner).__module__.startswith(__package__) or any(function is hook.real for hook in Builtin.all.values())


def is_debuggers(function):
    module = getattr(function, '__module__', None) or type(function).__module__
    return isinstance(module, str) and module.startswith(DEBUGGERS)


def gated(args, at, kind):
    """`args` with a gate before the function at an index, where there is one that is not the interpreter's own."""
    if len(args) <= at or args[at] is None or isinstance(args[at], type(len)) or is_debuggers(args[at]):
        return None
    me.watched = True
    return args[:at] + (kind(args[at]),) + args[at + 1:], None


def name_loader():
    """The module `trace` names a function by the class in whose dict it finds it. There is a stand-in of ours in this one's."""
    loader = sys.modules['_frozen_importlib_external'].ExtensionFileLoader
    executing = vars(loader)['exec_module']
    if type(executing.held) is dict:
        named.append(type(loader.__name__, (), executing.held))
        executing.held = vars(named[0])


def before_settrace(args, kwargs):
    name_loader()
    return gated(args, 0, Gate)


def before_setprofile(args, kwargs):
    if args and args[0] is not None:
        profiled()
    elif '_lsprof' not in sys.modules:
        Builtin.profiled = False
    return gated(args, 0, ProfileGate)


def steps(name):
    if name == 'addaudithook':
        return {'before': before_addaudithook}
    if name == 'register_callback':
        return {'before': before_register_callback, 'given': function_of}
    for getter in ('gettrace', 'getprofile'):
        if getter not in Builtin.all:
            builtin(sys, getter, given=function_of)
    return {'before': before_setprofile if 'profile' in name else before_settrace}


def before_addaudithook(args, kwargs):
    if args:
        return gated(args, 0, AuditGate)
    if 'hook' in kwargs:
        me.watched = True
        kwargs['hook'] = AuditGate(kwargs['hook'])
    return None


def before_register_callback(args, kwargs):
    return gated(args, 2, Gate)


def function_of(gate):
    """What the program gets to see of a gate."""
    return gate.function if isinstance(gate, Gate) else gate


def profiled():
    """
    From now on calls of hooked functions go through a frame of ours, in which the interpreter tells of the builtin's call.
    `os.fork` is let go: a warning of its would name our frame.
    """
    Builtin.profiled = True
    me.forks_tell = False
    release('fork', 'forkpty')


def release(*names):
    for name in names:
        if name in Builtin.all:
            hook = Builtin.all[name]
            hook.replace(hook, hook.real)


def observe_lsprof(name):
    """`cProfile` has imported `_lsprof`, and is about to import `profile`."""
    lsprof = sys.modules.get('_lsprof')
    if lsprof is None or vars(lsprof.Profiler).get('getstats') is getstats:
        return
    profiled()
    release('register_callback')  # which the profiler itself calls while it profiles
    real = lsprof.Profiler
    body = {'__module__': real.__module__, '__doc__': real.__doc__, 'getstats': getstats}
    lsprof.Profiler = type(real)(real.__name__, (real,), body)


def getstats(self):
    stats = super(sys.modules['_lsprof'].Profiler, self).getstats()
    return quietly(without_ours, stats) or stats


def without_ours(entries):
    """
    The statistics of `_lsprof` without our functions and what they have called, apart from the builtin functions that the
    program has called by them. An entry is (code, calls, recursive calls, total time, own time, [the same of callees]).
    """
    passed = {'<built-in method %s.%s>' % (hook.__module__, hook.__name__) for hook in Builtin.all.values()}
    left = {id(entry.code): list(entry) for entry in entries}
    gone = [entry for entry in entries if is_our_code(entry.code)]
    for entry in gone:
        left.pop(id(entry.code))
    while gone:
        for callee in gone.pop().calls or ():
            numbers = None if callee.code in passed else left.get(id(callee.code))
            if numbers is not None:
                numbers[1:5] = [max(0, mine - ours) for mine, ours in zip(numbers[1:5], callee[1:5])]
                if not numbers[1]:
                    gone.append(type(entries[0])(left.pop(id(callee.code))))
    for numbers in left.values():
        if numbers[5]:
            numbers[5] = [callee for callee in numbers[5] if id(callee.code) in left] or None
    return [type(entries[0])(numbers) for numbers in left.values()]


def is_our_code(code):
    return type(code) is not str and code.co_filename.startswith(PROBE)
