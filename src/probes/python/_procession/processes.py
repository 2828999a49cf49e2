"""
What is observed of multiprocessing. Nothing of it is wrapped around the program's code: `process.py` consults a few names
of its own module at the right moments, and these are replaced. So no frame of ours is ever on the stack of a `run()`,
in a traceback of a `start()` that fails, or in a pickle.

    start()       _cleanup() ... self._Popen(self) ... del self._target ... _children.add(self)
    _bootstrap()  _children = set() ... _ParentProcess(...) ... self.run() ... except: 'Process %s' % self.name
    join() etc.   _children.discard(self)
"""
import _thread
import sys

from . import places
from .hooks import quietly
from .journal import NULL, created, emit, me
from .oscalls import signal_name

WORKERS = ('multiprocessing.pool.worker', 'multiprocess.pool.worker')
WORKER_NAMES = ('_process_worker', '_worker_loop')  # concurrent.futures', loky's and torch's, wherever they are vendored
SERVER = 'BaseManager._run_server'
INTERNAL = ('--multiprocessing-fork', '.resource_tracker import main', '.forkserver import main', '.popen_loky')
starts = {}  # code of a start() -> its Observer


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
    """`_children`, telling the observer who comes and goes."""

    __slots__ = ('observer',)

    def add(self, process):
        set.add(self, process)
        quietly(self.observer.started, process)

    def discard(self, process):
        set.discard(self, process)
        quietly(self.observer.finished, process)


class Observer:
    """Observes the processes of `multiprocessing.process`, or of a copy of it such as `multiprocess.process`."""

    def __init__(self, module):
        self.module = module
        self.base = module.BaseProcess
        self.bootstrap = self.base._bootstrap.__code__
        self.starting = {}  # thread -> what start() will have deleted when the child is known
        self.cleanup, self.parent_process = module._cleanup, module._ParentProcess
        starts[self.base.start.__code__] = self
        module._cleanup, module._ParentProcess = self.before_start, self.before_run
        self.watch_children()
        self.base.name = self.name_property(self.base.name)
        main = module._current_process
        if type(main).__name__ == '_MainProcess' and not any(word in me.argv for word in INTERNAL):
            emit('self', {'name': main._name})

    def watch_children(self):
        children = Children(self.module._children)
        children.observer = self
        self.module._children = children

    def describe(self, process):
        """What parent and child know alike, without a reference to anything of the program's."""
        target = vars(process).get('_target')
        role = role_of(target)
        fields = {'name': process._name, 'daemon': bool(process._config.get('daemon')), 'role': role}
        if role == 'child':
            run = type(process).run
            fields['target'] = places.target(target if run is self.base.run else run)
        return fields

    def before_start(self):
        """Replaces `_cleanup()`, which start() and active_children() call."""
        self.cleanup()
        frame = sys._getframe(1)
        if frame.f_code in starts:
            quietly(self.prepare, frame)

    def prepare(self, frame):
        process = frame.f_locals['self']
        fields = self.describe(process)
        if fields['role'] == 'child':
            fields['args'] = places.arguments(process._args, process._kwargs)
        self.starting[_thread.get_ident()] = id(process), fields

    def started(self, process):
        identity, fields = self.starting.pop(_thread.get_ident(), (0, None))
        if identity == id(process):
            popen = process._popen
            site = places.call(sys._getframe())[0]
            emit('spawn', dict(fields, child=created(popen.pid), method=popen.method, site=site))

    def finished(self, process):
        """A fork server's child is not ours to wait for: its exit code comes through a pipe, 255 if the pipe broke."""
        popen = process._popen
        child = popen and me.children.pop(popen.pid, None)
        if child and type(popen.returncode) is int and popen.returncode != 255:
            code = popen.returncode
            emit('reap', {'child': child, 'code': code if code >= 0 else NULL,
                          'signal': signal_name(-code) if code < 0 else NULL})

    def before_run(self, *args):
        """Replaces the class `_ParentProcess`, which _bootstrap() instantiates in the child."""
        frame = sys._getframe(1)
        if frame.f_code is self.bootstrap:
            self.watch_children()
            quietly(self.introduce, frame)
        return self.parent_process(*args)

    def introduce(self, frame):
        """A forked child has said in its `start` event already what it is."""
        if me.method != 'fork':
            process = frame.f_locals['self']
            method = me.method or process._start_method or 'spawn'
            emit('self', dict(self.describe(process), method=method))

    def name_property(self, name):
        """_bootstrap() asks for the name when it handles an exception: that is where one is uncaught."""
        def get(process):
            if sys._getframe(1).f_code is self.bootstrap:
                quietly(uncaught)
            return name.fget(process)

        def set_(process, value):
            name.fset(process, value)
            if process is self.module._current_process and sys._getframe(1).f_code.co_name != 'prepare':
                quietly(emit, 'self', {'name': process._name})

        return property(get, set_, name.fdel, name.__doc__)


def uncaught():
    error = sys.exc_info()[1]
    if error is not None:
        from . import errors
        errors.report(error)


def forked(frame):
    """What a forked child is, if a start() is above the fork: fields of its `start` event."""
    for _ in range(8):
        frame = frame.f_back
        if frame is None:
            return None
        if frame.f_code in starts:
            process = frame.f_locals['self']
            return {'method': 'fork', 'name': process._name, 'daemon': bool(process._config.get('daemon'))}
    return None
