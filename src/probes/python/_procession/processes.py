"""
What is observed of multiprocessing. Nothing of it is wrapped around the program's code: `process.py` consults a few names
of its own module at the right moments, and these are replaced. So no frame of ours is ever on the stack of a `run()`,
in a traceback of a `start()` that fails, or in a pickle.

    start()       _cleanup() ... self._Popen(self) ... del self._target ... _children.add(self)
    _bootstrap()  _children = set() ... _ParentProcess(...) ... self.run() ... except: 'Process %s' % self.name
    join() etc.   _children.discard(self)
"""
import _thread
import posix
import sys

from . import places
from .environment import announce
from .hooks import quietly
from .journal import created, dump, emit, identify, me, quote
from .oscalls import signal_name

WORKERS = ('multiprocessing.pool.worker', 'multiprocess.pool.worker')
WORKER_NAMES = ('_process_worker', '_worker_loop')  # concurrent.futures', loky's and torch's, wherever they are vendored
SERVER = 'BaseManager._run_server'
INTERNAL = ('--multiprocessing-fork', '.resource_tracker import main', '.forkserver import main', '.popen_loky')


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
        self.start, self.bootstrap = self.base.start.__code__, self.base._bootstrap.__code__
        self.starting = {}  # thread -> what start() will have deleted when the child is known: (id of the Process, JSON)
        self.cleanup, self.parent_process = module._cleanup, module._ParentProcess
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
        """What parent and child know alike, as JSON: no reference to anything of the program's is kept."""
        target = vars(process).get('_target')
        role = role_of(target)
        text = '"name":%s,"daemon":%s,"role":"%s"' % (
            quote(process._name), 'true' if process._config.get('daemon') else 'false', role)
        if role == 'child':
            run = type(process).run
            place = places.target(target if run is self.base.run else run)
            if place:
                text += ',"target":' + dump(place)
        return text

    def before_start(self):
        """Replaces `_cleanup()`, which start() and active_children() call."""
        self.cleanup()
        if type(self.module._children) is set:
            self.watch_children()  # _bootstrap() made a new one in this process
        frame = sys._getframe(1)
        if frame.f_code is self.start:
            quietly(self.prepare, frame)

    def prepare(self, frame):
        process = frame.f_locals['self']
        text = self.describe(process)
        if '"role":"child"' in text:
            args = places.arguments(process._args, process._kwargs)
            if args:
                text += ',"args":' + quote(args)
        site = places.call(frame)[0]
        if site:
            text += ',"site":' + dump(site)
        self.starting[_thread.get_ident()] = id(process), text

    def started(self, process):
        identity, text = self.starting.pop(_thread.get_ident(), (0, ''))
        if identity == id(process):
            popen = process._popen
            emit('spawn', '"child":"%s","method":"%s",%s' % (created(popen.pid), popen.method, text))

    def finished(self, process):
        """A fork server's child is not ours to wait for: its exit code comes through a pipe, 255 if the pipe broke."""
        popen = process._popen
        child = popen and me.children.pop(popen.pid, None)
        if child and type(popen.returncode) is int and popen.returncode != 255:
            code = popen.returncode
            ending = '"code":%d,"signal":null' % code if code >= 0 else '"code":null,"signal":"%s"' % signal_name(-code)
            emit('reap', '"child":"%s",%s' % (child, ending))

    def before_run(self, *args):
        """Replaces the class `_ParentProcess`, which _bootstrap() instantiates in the child."""
        if sys._getframe(1).f_code is self.bootstrap:
            quietly(self.introduce, self.module._current_process)
        return self.parent_process(*args)

    def introduce(self, process):
        """A child says what it is; a forked one has not said anything yet."""
        if me.method == 'fork' and not me.id:
            identify()
            announce(me.id)
            emit('start', '"ppid":%d,"parent":"%s","runtime":"python","method":"fork","name":%s,"daemon":%s,"argv":%s' % (
                posix.getppid(), me.parent, quote(process._name), 'true' if process._config.get('daemon') else 'false', me.argv))
        else:
            emit('self', '"method":"%s",%s' % (me.method or process._start_method or 'spawn', self.describe(process)))

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
