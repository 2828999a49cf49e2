"""
What is observed of multiprocessing. Nothing of it is wrapped around the program's code: `process.py` consults a few names
of its own module at the right moments, and these are replaced. So no frame of ours is ever on the stack of a `run()`,
in a traceback of a `start()` that fails, or in a pickle.

    start()       _cleanup() ... self._Popen(self) ... del self._target ... _children.add(self)
    _bootstrap()  _children = set() ... _ParentProcess(...) ... self.run() ... except: 'Process %s' % self.name
"""
import _thread
import sys

from . import places
from .hooks import later, outside, quietly, traceless, without_our_frames
from .journal import bare, created, crowd, emit, me
from .texts import dump, quote

WORKERS = ('multiprocessing.pool.worker', 'multiprocess.pool.worker')
WORKER_NAMES = ('_process_worker', '_worker_loop')  # concurrent.futures', loky's and torch's, wherever they are vendored
MAX_DESCRIBED = 1024
looked = set()  # pids of children at whose exit code the program has looked
described = {}  # (file, line, name) of a target -> what describe() says
SERVER = 'BaseManager._run_server'
INTERNAL = ('--multiprocessing-fork', '.resource_tracker import main', '.forkserver import main', '.popen_loky')


def describe(target):
    role = role_of(target)
    known = '"role":"%s"' % role
    place = places.target(target) if role == 'child' else None
    if place:
        known += ',"target":' + dump(place)
    return known, role


def role_of(target):
    """worker, helper or child, by what it runs."""
    function = getattr(target, '__func__', target)
    if type(function) is not places.Function:
        return 'child'
    if function.__qualname__ == SERVER:
        return 'helper'
    name = '%s.%s' % (function.__module__, function.__qualname__)
    return 'worker' if name in WORKERS or function.__qualname__ in WORKER_NAMES else 'child'


class Children(set):
    """`_children`, telling who comes."""

    def add(self, process):
        add = super().add
        add(process)
        quietly(started, process)


Children.__name__ = Children.__qualname__ = 'set'


class Observer:
    """Observes the processes of `multiprocessing.process`, or of a copy of it such as `multiprocess.process`."""

    def __init__(self, module):
        self.module = module
        self.base = module.BaseProcess
        self.start, self.bootstrap = self.base.start.__code__, self.base._bootstrap.__code__
        self.cleanup, self.parent_process = module._cleanup, module._ParentProcess
        module._cleanup, module._ParentProcess = self.before_start, self.before_run
        module._children = Children(module._children)
        self.base.name = self.name_property(self.base.name)
        self.base.exitcode = exitcode_property(self.base.exitcode)
        later('threads', 'observe')(module.threading)
        main = module._current_process
        if type(main).__name__ == '_MainProcess' and not me.named and not any(word in me.argv for word in INTERNAL):
            emit('self', '"name":' + quote(main._name))

    def before_start(self):
        """Replaces `_cleanup()`, which start() and active_children() call."""
        self.cleanup()
        quietly(self.prepare)

    def prepare(self):
        """Keeps what start() will have deleted by the time the child is known."""
        frame = outside(sys._getframe())
        if frame is None or frame.f_code is not self.start:
            return
        if type(self.module._children) is set:
            self.module._children = Children(self.module._children)  # _bootstrap() made a new one
        process = frame.f_locals['self']
        known, role = self.describe(process)
        if role == 'child' and (process._args or process._kwargs):
            known += arguments(process._args, process._kwargs)
        me.starting[_thread.get_ident()] = id(process), self.naming(process), known + places.site(frame) + crowd()

    def naming(self, process):
        return '"name":%s,"daemon":%s,' % (quote(process._name), 'true' if process._config.get('daemon') else 'false')

    def describe(self, process):
        """`(JSON, role)`: what parent and child know alike. No reference to anything of the program's is kept."""
        target = vars(process).get('_target')
        run = type(process).run
        if run is not self.base.run:
            target = run
        if type(target) is not places.Function:
            return describe(target)
        code = target.__code__
        key = code.co_filename, code.co_firstlineno, target.__qualname__
        known = described.get(key)
        if known is None:
            known = describe(target)
            if len(described) < MAX_DESCRIBED:
                described[key] = known
        return known

    def before_run(self, *args):
        """Replaces the class `_ParentProcess`, which _bootstrap() instantiates in the child."""
        quietly(self.introduce, self.module._current_process)
        return self.parent_process(*args)

    def introduce(self, process):
        """A child says what it is. A forked one has said so when it began."""
        if me.method == 'fork' or not self.bootstraps():
            return
        method = me.method or process._start_method or 'spawn'
        known, role = self.describe(process)
        emit('self', '"method":"%s",%s%s' % (method, self.naming(process), known))
        queues = sys.modules.get(self.module.__name__.replace('.process', '.queues'))
        if queues is not None:
            later('threads', 'observe_queue')(queues.Queue)  # it has come by pickle
        if role == 'worker':
            later('pages', 'begin')()

    def name_property(self, name):
        def get(process):
            quietly(self.named)
            return name.fget(process)

        def set_(process, value):
            name.fset(process, value)
            quietly(self.renamed, process)

        return property(get, set_, name.fdel, name.__doc__)

    def named(self):
        """_bootstrap() asks for the name when it handles an exception: that is where one is uncaught."""
        if self.bootstraps():
            uncaught()

    def renamed(self, process):
        caller = outside(sys._getframe())
        if process is self.module._current_process and not (caller and caller.f_code.co_name == 'prepare'):
            emit('self', '"name":' + quote(process._name))

    def bootstraps(self):
        """Whether _bootstrap() has called."""
        caller = outside(sys._getframe())
        return caller is not None and caller.f_code is self.bootstrap


def exitcode_property(exitcode):
    """Tells when the program itself has looked at how a child ended: then it may have dealt with it."""
    @traceless
    def get(process):
        try:
            code = exitcode.fget(process)
            if code:
                quietly(looked_at, process, sys._getframe(1))
            return code
        except BaseException as error:
            trace = without_our_frames(error)
            trace, error, type(error)
            raise

    return property(get, exitcode.fset, exitcode.fdel, exitcode.__doc__)


def looked_at(process, frame):
    pid = process._popen.pid
    if pid not in looked and len(looked) < MAX_DESCRIBED and places.owner_of(frame.f_code.co_filename) == places.PROGRAM:
        looked.add(pid)
        emit('read', '"child":"%s"' % bare(pid))


def started(process):
    identity, naming, known = me.starting.pop(_thread.get_ident(), (0, '', ''))
    if identity == id(process):
        from . import waits
        popen = process._popen
        waits.watch(type(popen).__mro__[-2], told=True)
        emit('spawn', '"child":"%s","method":"%s",%s%s' % (created(popen.pid), popen.method, naming, known))


def arguments(args, kwargs):
    text = places.arguments(args, kwargs)
    return ',"args":' + quote(text) if text else ''


def uncaught():
    error = sys.exc_info()[1]
    if error is not None:
        from . import errors
        errors.report(error)
