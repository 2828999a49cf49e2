"""
The Procession probe. It lives in the user's program, so: it never raises, prints or blocks there, keeps no thread, lock or
descriptor, and imports nothing but builtin modules until the program itself imports what is to be observed.
"""
import atexit
import os
import posix
import sys
from _thread import get_ident

from . import ending, environment, oscalls, requests
from .ending import Main
from .hooks import Builtin, quietly
from .journal import created, emit, identify, me, own, read
from .texts import command_line, dump, render

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


def observe_locks(name):
    from . import origins
    origins.observe(name)


WATCHED = {
    'multiprocessing.synchronize': observe_locks,
    'multiprocess.synchronize': observe_locks,
    'multiprocessing.queues': observe_locks,
    'multiprocess.queues': observe_locks,
    'multiprocessing.reduction': observe_processes,
    'multiprocess.reduction': observe_processes,
    'subprocess': observe_subprocess,
}


def after_fork():
    """Runs in every forked child, before the program's own code does."""
    me.grandparent, me.parent, me.id, me.method, me.error, me.children = me.parent, me.id, '', '', False, {}
    me.page = None
    me.forked = True
    Main.exit = None
    thread = get_ident()
    if thread != Main.thread:
        Main.frame = None
    frame = sys._getframe(1)
    if thread in me.starting and frame.f_code.co_filename.endswith(FORKS):
        me.method = 'fork'
        _, naming, known = me.starting.pop(thread)
        quietly(begin, naming)
        if '"role":"worker"' in known:
            quietly(note_tasks)
    else:
        quietly(begin_raw, frame)
    if 'f' in me.options:
        quietly(requests.meet)


def note_tasks():
    from . import pages
    pages.begin()


def forked():
    """
    Runs in the parent of every fork. `os.fork` itself is not hooked: its warning about threads names the line of its
    caller, which would be ours.
    """
    frame = sys._getframe(1)
    code = frame.f_code
    if not code.co_filename.endswith(FORKS) and code is not Builtin.__call__.__code__ and not me.server:
        quietly(tell_fork, frame)


def tell_fork(frame):
    """
    The kernel lists a thread's children in the order they were made (proc_tid_children(5)). A child that is not told here,
    because one read gives some 500, tells of itself.
    """
    children = me.proc and read('/proc/thread-self/children', 1 << 16).split()
    child = int(children[-1]) if children else 0
    if child and child not in me.children:
        from . import places, threads
        about = places.site(frame) + threads.count()
        emit('spawn', '"child":"%s","method":"os.fork","argv":%s%s' % (created(child), me.argv, about))


def begin(about=''):
    """The `start` event; `about` is what else is known of this process, as JSON that ends in a comma."""
    identify()
    about += me.host
    if me.parent:
        about += '"parent":"%s",' % me.parent
    if me.method:
        about += '"method":"%s",' % me.method
    emit('start', '%s"ppid":%d,"pgid":%d,"runtime":"python","argv":%s' % (about, posix.getppid(), posix.getpgrp(), me.argv))


def begin_raw(frame):
    """
    In a child that no Process made. One with a `preexec_fn` will execute something that speaks for itself; a fork server's
    children are made for others, and asked for elsewhere.
    """
    if frame.f_code is Builtin.__call__.__code__:
        me.parent = me.grandparent
    elif me.server:
        me.server = False
        me.method = 'forkserver'
        begin()
    else:
        from . import places
        me.method = 'os.fork'
        site = places.site(frame)
        begin(site and site[1:] + ',')


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
    pid = posix.getpid()
    if ancestor.startswith('%d' % pid) and ancestor == own():
        if subinterpreter():
            return
        ancestor = ''  # we have exec'ed
    me.parent = ancestor
    me.tail = os.fsencode('|%s|%s' % (me.options, me.run))
    me.argv = dump(command_line())
    me.server = 'multiprocessing.forkserver import main' in me.argv
    environment.install()
    oscalls.install()
    quietly(requests.install)
    atexit.register(ending.at_exit)
    os.register_at_fork(after_in_child=after_fork, after_in_parent=forked)
    finder.importing = importing
    found = ranks()
    if found:
        # A rank may run on another host than its launcher.
        me.host = render({'host': posix.uname().nodename}) + ','
    begin(render({'version': '%d.%d.%d' % sys.version_info[:3], 'exe': sys.executable, 'cwd': cwd()}) + ',')
    if found:
        emit('self', render(found))
    if 'o' in me.options:
        from . import tee
        tee.install()
    for name in WATCHED:
        quietly(WATCHED[name], name) if name in sys.modules else None
    if 'f' in me.options:
        quietly(requests.meet)


def cwd():
    try:
        return os.getcwd()
    except OSError:
        return None
