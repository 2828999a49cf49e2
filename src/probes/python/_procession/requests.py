"""
What a person asks of a running process: its stacks, or to let a debugger in.

A request is a file `<run>/ask/<id>` and a SIGURG, whose default action is to ignore it, so that it harms nobody who has
no handler: a process that has just exec'ed, or one that is no Python. The answer is `<run>/ask/<id>.answer`.
Handlers of Python run in the main thread, between two instructions or where a blocking call was interrupted.
"""
import _signal
import posix
import sys
import time
from _thread import interrupt_main

from . import urged
from .hooks import is_ours, quietly
from .journal import identify, me, read
from .texts import dump

AT_FORK = ('/threading.py', '/logging/__init__.py', '/random.py', '/weakref.py')  # modules with functions of that kind
held = []  # exceptions to be raised
STEP = 0.005  # s between looks, which are counted: a clock may be a fake
NOTICE = 400  # looks until the window has taken notice; one that has not after 2 s is gone
ATTACHING = 2000  # looks that a window which has may take


def forked():
    """In a child of a debugged process, before anything else of the probe runs."""
    if 'pydevd' in sys.modules:
        from . import debugger
        debugger.keep_out()


def meet():
    """
    Where a window follows new processes, one that no debugger has brought up by itself waits here, before the program's
    first line, until the window has attached to it or lets it go. The window writes into the file when it has taken notice,
    and takes it away in the end.
    """
    if 'pydevd' in sys.modules or 'pydevd' in me.argv or ('debugpy"' in me.argv and '"--connect"' in me.argv):
        return
    path = '%s/waits/%s' % (me.run, me.id or identify())
    try:
        posix.close(posix.open(path, posix.O_WRONLY | posix.O_CREAT | posix.O_CLOEXEC, 0o600))
        looks = 0
        while looks < (ATTACHING if posix.stat(path).st_size else NOTICE):
            time.sleep(STEP)
            looks += 1
        posix.unlink(path)
    except OSError:
        pass  # it was let go, or there is no such directory: nobody follows


def asked(_number, frame):
    if held and goes_on(frame):
        raise held.pop(0)
    if held:
        poke()
    else:
        quietly(answer, frame)


def raise_later(error):
    """
    Raises an exception of the program's when the program goes on. As a handler of Python's, because that is where it came
    from: the interpreter calls it again and again until then.
    """
    if _signal.getsignal(_signal.SIGURG) is urged:
        held.append(error)
        poke()


def poke():
    if sys.version_info >= (3, 10):
        interrupt_main(_signal.SIGURG)
    else:
        posix.kill(posix.getpid(), _signal.SIGURG)


def goes_on(frame):
    """Whether a frame is none of a function that is called at a fork."""
    return not is_ours(frame) and not frame.f_code.co_filename.endswith(AT_FORK)


def answer(frame):
    path = '%s/ask/%s' % (me.run, me.id or identify())
    try:
        request = read(path, 1 << 14).decode()
    except OSError:
        return  # a SIGURG of somebody else's
    posix.unlink(path)
    verb, *arguments = request.split('\n')
    try:
        if verb == 'stacks':
            from .stacks import stacks
            result = stacks(frame)
        elif verb == 'inquire':
            from .inquiry import inquire
            result = inquire(frame)
        elif verb == 'attach':
            from .debugger import attach
            result = attach(*arguments)
        else:
            result = {'error': 'unknown request'}
    except Exception as error:
        result = {'error': '%s: %s' % (type(error).__name__, error)}
    reply(path + '.answer', dump(result).encode('ascii'))


def reply(path, data):
    draft = path + '.new'
    fd = posix.open(draft, posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC | posix.O_CLOEXEC, 0o600)
    try:
        posix.write(fd, data)
    finally:
        posix.close(fd)
    posix.rename(draft, path)
