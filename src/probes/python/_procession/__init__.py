"""
The Procession probe. It lives in the user's program, so: it never raises, prints or blocks there, keeps no thread, lock or
descriptor, and imports nothing but builtin modules until the program itself imports what is to be observed.
"""
import _signal
import os
import posix
import sys
from _thread import get_ident

from . import environment, ending, imports, oscalls
from .ending import Main
from .hooks import CALL, borrowed, busy, later, quietly, traceless, without_our_frames
from .journal import FORKS, crowd, emit, identify, me, own
from .texts import command_line, dump, render

NUMBERED = (b'RANK', b'OMPI_COMM_WORLD_RANK', b'PMI_RANK', b'SLURM_PROCID')


def after_fork():
    """Runs in every forked child, before the program's own code does."""
    unraised(forked_child)
    if 'f' in me.options:
        quietly(later('requests', 'meet'))


def unraised(step):
    """
    A step that the interpreter calls where it lets no exception through. One of a signal handler of the program's is raised
    when the program goes on.
    """
    try:
        quietly(step)
    except BaseException as error:
        later('requests', 'raise_later')(error)


@traceless
def urged(number, frame):
    """The handler of SIGURG: see `requests`."""
    try:
        later('requests', 'asked')(number, frame)
    except BaseException as error:
        trace = without_our_frames(error)
        trace, error, type(error)
        raise


def forked_child():
    thread = get_ident()
    frame = sys._getframe(3).f_back  # above quietly(), unraised() and after_fork(): where the fork was, or None
    become_child(thread)
    if frame is not None and thread in me.starting and frame.f_code.co_filename.endswith(FORKS):
        me.method = 'fork'
        _, naming, known = me.starting.pop(thread)
        begin(naming)
        if '"role":"worker"' in known:
            later('pages', 'begin')()
    else:
        begin_raw(frame, thread in me.forking or not me.forks_tell)
    me.forking.clear()


def become_child(thread):
    """What was known of this process is its parent's."""
    me.grandparent, me.parent, me.id, me.pid = me.parent, me.id, '', 0
    me.method, me.named, me.error, me.untold, me.children, me.waits = '', False, False, 0, {}, []
    me.forked = True
    me.page = None
    busy.intersection_update((thread,))
    Main.exit = None
    if thread != Main.thread:
        Main.frame = None


def forked_unseen():
    """C code has forked without telling Python, as uWSGI does, and daemon(3)."""
    become_child(get_ident())
    me.method = 'fork'
    begin()


def fork_method(told):
    return 'os.fork' if told else 'fork'


def executes_in_c(told):
    return not told and 'uvloop' in sys.modules


def begin(about=''):
    """The `start` event; `about` is what else is known of this process, as JSON that ends in a comma."""
    if not me.id:
        identify()
    about += me.host
    if me.parent:
        about += '"parent":"%s",' % me.parent
    if me.method:
        about += '"method":"%s",' % me.method
    emit('start', '%s"ppid":%d,"pgid":%d,"runtime":"python","argv":%s' % (about, posix.getppid(), posix.getpgrp(), me.argv))


def begin_raw(frame, told):
    """
    In a child that no Process made. One with a `preexec_fn` will execute something that speaks for itself; a fork server's
    children are made for others, and asked for elsewhere.
    """
    if frame is not None and frame.f_code is CALL or executes_in_c(told):
        me.parent = me.grandparent
    elif me.server:
        me.server = False
        me.method = 'forkserver'
        begin()
    else:
        from . import places
        me.method = fork_method(told)
        site = places.site(frame)
        begin((site + crowd())[1:] + ',' if site else '')
        if 'gunicorn' in sys.modules and frame is not None:
            from . import frameworks
            frameworks.introduce(frame)


def is_subinterpreter():
    """Whether this is not the main interpreter, for which `site` runs again in the same process."""
    for name in ('_interpreters', '_xxsubinterpreters'):
        try:
            interpreters = __import__(name)
        except ImportError:
            continue
        current, main = interpreters.get_current(), interpreters.get_main()
        return current != main
    return False


def boot(directory, mark, finder, confined):
    """
    Called once by `sitecustomize`, whose directory it gets, with the value of PROCESSION and the probe's finder. In a process
    that is `confined` just what brought the probe in is taken away.
    """
    environment.hide(directory)
    if confined:
        environment.withdraw()
        return
    _, ancestor, me.options, me.run = mark.split('|', 3)
    pid = posix.getpid()
    within = False
    if ancestor.startswith('%d' % pid) and ancestor == own():
        within = is_subinterpreter()
        ancestor = ''  # we have exec'ed
    me.parent = ancestor
    me.tail = os.fsencode('|%s|%s' % (me.options, me.run))
    me.argv = dump(command_line())
    me.server = 'multiprocessing.forkserver import main' in me.argv
    me.forked_unseen = forked_unseen
    environment.install()
    oscalls.install()
    imports.install(finder)
    if b'faketime' in os.environ._data.get(b'LD_PRELOAD', b''):
        quietly(later('faketime', 'install'))
    if within:
        me.pid, me.id, Main.frame = pid, mark.split('|')[1], False
    else:
        introduce()
    if 'f' in me.options and not within:
        quietly(later('requests', 'meet'))


def introduce():
    """What concerns the process, not one of its interpreters."""
    # A program that was started with SIGURG ignored, or that handles it, is left alone.
    if _signal.getsignal(_signal.SIGURG) == _signal.SIG_DFL:
        _signal.signal(_signal.SIGURG, urged)
    if 'd' in me.options:
        os.register_at_fork(after_in_child=later('requests', 'forked'))
    # Before 3.10 the functions to be called are the module's: it stays imported.
    atexit = borrowed('atexit') if sys.version_info >= (3, 10) else __import__('atexit')
    atexit.register(ending.at_exit)
    # In the parent no function of ours is called, because it might be a signal's handler that runs first in it.
    os.register_at_fork(after_in_child=after_fork, after_in_parent=me.met.clear)
    os.register_at_fork(after_in_parent=me.forking.clear)
    identify()
    found = later('ranks', 'ranks')() if any(name in os.environ._data for name in NUMBERED) else None
    if found:
        # A rank may run on another host than its launcher.
        me.host = render({'host': posix.uname().nodename}) + ','
    begin(render({'version': '%d.%d.%d' % sys.version_info[:3], 'exe': sys.executable, 'cwd': cwd()}) + ',')
    if found:
        emit('self', render(found))
    if 'o' in me.options:
        from . import tee
        tee.install()


def cwd():
    try:
        return os.getcwd()
    except OSError:
        return None
