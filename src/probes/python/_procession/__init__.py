"""
The Procession probe. It lives in the user's program, so: it never raises, prints or blocks there, keeps no thread, lock or
descriptor, and imports nothing but builtin modules until the program itself imports what is to be observed.
"""
import atexit
import os
import posix
import sys

from . import ending, environment, oscalls, requests
from .hooks import Builtin, quietly
from .journal import Raw, command_line, dump, emit, identify, me, render

FORKS = ('/multiprocessing/popen_fork.py', '/multiprocess/popen_fork.py')
RANKS = (
    ('rank', ('RANK', 'OMPI_COMM_WORLD_RANK', 'PMI_RANK', 'SLURM_PROCID')),
    ('localRank', ('LOCAL_RANK', 'OMPI_COMM_WORLD_LOCAL_RANK', 'MPI_LOCALRANKID', 'SLURM_LOCALID')),
    ('worldSize', ('WORLD_SIZE', 'OMPI_COMM_WORLD_SIZE', 'PMI_SIZE', 'SLURM_NTASKS')),
)


def importing(name):
    """
    A module is about to be looked for. One is observed when the import *after* it comes by (`multiprocessing.context`
    imports `process`, then `reduction`), or by what it will bind from another, so that imports run as ever.
    """
    if ending.Main.frame is None:
        ending.remember(sys._getframe())
    step = WATCHED.get(name)
    if step is not None:
        quietly(step, name)


def observe_processes(name):
    module = sys.modules.get(name.replace('reduction', 'process'))
    if module is not None and type(module._children) is set:
        from .processes import Observer
        Observer(module)


def observe_subprocess(name):
    from . import forkexec
    forkexec.install()


WATCHED = {
    'multiprocessing.reduction': observe_processes,
    'multiprocess.reduction': observe_processes,
    'subprocess': observe_subprocess,
}


def after_fork():
    """Runs in every forked child, before the program's own code does."""
    me.grandparent, me.parent, me.id, me.error, me.children = me.parent, me.id, '', False, {}
    quietly(forked, sys._getframe(1))


def forked(frame):
    ending.forked()
    if 'd' in me.options and 'pydevd' in sys.modules:
        from . import debugger
        debugger.keep_out()
    if frame.f_code is Builtin.__call__.__code__:  # fork_exec with a preexec_fn: what it executes will speak for itself
        me.parent, me.method = me.grandparent, ''
        return
    if frame.f_code.co_filename.endswith(FORKS) and '_procession.processes' in sys.modules:
        me.method = 'fork'  # _bootstrap() comes next, and with it the `start` event
        return
    fields = raw_fork(frame)
    me.method = fields['method']
    identify()
    introduce(fields)


def introduce(fields):
    """The `start` event."""
    environment.announce(me.id)
    parent = '"parent":"%s",' % me.parent if me.parent else ''
    emit('start', '%s"ppid":%d,"runtime":"python",%s,"argv":%s' % (parent, posix.getppid(), render(fields), me.argv))


def raw_fork(frame):
    """Of a child that no Process made. A fork server's children are made for others: they were asked for elsewhere."""
    if me.method == '' and 'multiprocessing.forkserver import main' in me.argv:
        return {'method': 'forkserver'}
    from . import places
    return {'method': 'os.fork', 'site': places.call(frame)[0]}


def subinterpreter():
    """Whether this is not the main interpreter, for which `site` runs again in the same process."""
    for name in ('_interpreters', '_xxsubinterpreters'):
        try:
            interpreters = __import__(name)
        except ImportError:
            continue
        current, main = interpreters.get_current(), interpreters.get_main()
        return current != main
    return False


def ranks():
    """The rank that MPI, torchrun or Slurm gave to this process."""
    found = {}
    data = os.environ._data
    for field, names in RANKS:
        for name in names:
            value = data.get(name.encode())
            if value is not None and value.isdigit():
                found[field] = int(value)
                break
    return found


def boot(directory, mark, finder):
    """Called once by `sitecustomize`, whose directory it gets, with the value of PROCESSION and the probe's finder."""
    environment.hide(directory)
    _, ancestor, me.options, me.run = mark.split('|', 3)
    me.tail = os.fsencode('|%s|%s' % (me.options, me.run))
    identify()
    if ancestor == me.id:
        if subinterpreter():
            return
        ancestor = ''
    me.parent = ancestor
    me.argv = Raw(dump(command_line()))
    environment.install()
    oscalls.install()
    requests.install()
    atexit.register(ending.at_exit)
    os.register_at_fork(after_in_child=after_fork)
    finder.importing = importing
    introduce({'version': '%d.%d.%d' % sys.version_info[:3], 'cwd': cwd(), 'exe': sys.executable})
    found = ranks()
    if found:
        emit('self', found)
    if 'o' in me.options:
        from . import tee
        tee.install()
    for name in WATCHED:
        quietly(WATCHED[name], name) if name in sys.modules else None


def cwd():
    try:
        return os.getcwd()
    except OSError:
        return None
