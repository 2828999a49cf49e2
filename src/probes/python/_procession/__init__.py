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
from .journal import Raw, command_line, dump, emit, identify, me

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
    parent, parents_parent = me.id, me.parent
    me.id, me.parent, me.children = '', parent, {}
    me.error = False
    quietly(introduce_forked, sys._getframe(1), parents_parent)


def introduce_forked(frame, grandparent):
    ending.forked()
    if 'd' in me.options and 'pydevd' in sys.modules:
        from . import debugger
        debugger.keep_out()
    if frame.f_code is Builtin.__call__.__code__:  # fork_exec with a preexec_fn: what it executes will speak for itself
        me.parent, me.method = grandparent, ''
        return
    identify()
    environment.announce(me.id)
    processes = sys.modules.get('_procession.processes')
    fields = processes and processes.forked(frame)
    if not fields:
        fields = raw_fork(frame)
    me.method = fields['method']
    introduce(fields)


def raw_fork(frame):
    """Of a child that no Process made. A fork server's children are made for others: they were asked for elsewhere."""
    if me.method == '' and 'multiprocessing.forkserver import main' in me.argv:
        return {'method': 'forkserver'}
    from . import places
    return {'method': 'os.fork', 'site': places.call(frame)[0]}


def introduce(fields):
    """The `start` event."""
    emit('start', dict(fields, ppid=posix.getppid(), parent=me.parent or None, runtime='python', argv=me.argv))


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
    identify()
    if ancestor == me.id:
        if subinterpreter():
            return
        ancestor = ''
    me.parent = ancestor
    me.argv = Raw(dump(command_line()))
    environment.announce(me.id)
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
