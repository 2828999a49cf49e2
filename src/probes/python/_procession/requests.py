"""
What a person asks of a running process: its stacks, or to let a debugger in.

A request is a file `<run>/ask/<id>` and a SIGURG, whose default action is to ignore it, so that it harms nobody who has
no handler: a process that has just exec'ed, or one that is no Python. The answer is `<run>/ask/<id>.answer`.
Handlers of Python run in the main thread, between two instructions or where a blocking call was interrupted.
"""
import _signal
import os
import posix
import sys
import time

from .hooks import quietly
from .journal import identify, me, read
from .texts import dump

PATIENCE = 2  # s until the window has taken notice; one that has not is gone
ATTACHING = 10  # s that a window which has may take
_clock = time.monotonic  # the program may replace them later
_sleep = time.sleep


def install():
    """Leaves a program alone that was started with SIGURG ignored, or that handles it."""
    if _signal.getsignal(_signal.SIGURG) == _signal.SIG_DFL:
        _signal.signal(_signal.SIGURG, asked)
    if 'd' in me.options:
        os.register_at_fork(after_in_child=forked)


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
        begun = _clock()
        while _clock() - begun < (ATTACHING if posix.stat(path).st_size else PATIENCE):
            _sleep(0.005)
        posix.unlink(path)
    except OSError:
        pass  # it was let go, or there is no such directory: nobody follows


def asked(_number, frame):
    quietly(answer, frame)


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
