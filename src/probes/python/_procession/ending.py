"""
The process's last words: its exit code where that is certain, its CPU time and its peak memory.

CPython tells nobody the exit code of the main program. It is read off the outermost frame of the main thread, which this
module keeps: whether its last instruction was a return, and if not, whether it was the one that led to `sys.exit(n)`.
"""
import _thread
import sys
import time

from .hooks import is_ours, outside, quietly
from .journal import emit, me, read

RETURNS = {function.__code__.co_code[-2] for function in (lambda value: value, lambda: None)}


class Main:
    """The outermost frame of the main thread, and the last `sys.exit` in it: `(code, instruction)`."""

    thread = _thread.get_ident()
    frame = None
    exit = None


def outermost(frame):
    while frame.f_back is not None:
        frame = frame.f_back
    return frame


def remember(frame):
    """Keeps the outermost frame above a frame of the main program."""
    if Main.frame is None and sys.implementation.name == 'cpython':
        main = outermost(frame)
        name = main.f_globals.get('__name__'), main.f_code.co_name
        if name in (('__main__', '<module>'), ('runpy', '_run_module_as_main')) and not hasattr(sys, 'ps1'):
            Main.frame = main


def asked(argument, frame):
    """`sys.exit(argument)` was called."""
    if frame is None:
        return
    remember(frame)
    main = outermost(frame)
    if main is Main.frame:
        code = 0 if argument is None else argument & 0xFF if isinstance(argument, int) else 1
        Main.exit = code, main.f_lasti


def usage():
    """CPU seconds and peak resident bytes of this process, as JSON."""
    try:
        status = read('/proc/self/status', 2048)
        at = status.index(b'VmHWM:') + 6
        return '"cpu":%.6f,"rss":%d' % (time.process_time(), int(status[at:status.index(b'kB', at)]) * 1024)
    except (OSError, ValueError):
        return '"cpu":%.6f' % time.process_time()


def before_exit(args, kwargs):
    """`os._exit(code)` is about to be called."""
    code = (args[0] if args else kwargs['status']) & 0xFF
    frame = outside(sys._getframe())
    site = ''
    if frame is not None and frame.f_code.co_filename.endswith(('popen_fork.py', 'forkserver.py')):
        via = 'exception' if me.error else 'sys.exit' if code else 'return'
    else:
        from . import places
        via = 'os._exit'
        site = places.site(frame)
    emit('exit', '"code":%d,"signal":null,"via":"%s"%s,%s' % (code, via, site, usage()))


def at_exit():
    """The interpreter shuts down. Registered first, so it runs after the program's own functions."""
    try:
        quietly(tell_end)
    except BaseException:
        pass  # a signal handler of the program's has raised; nobody is left to catch it
    Main.frame = None  # it keeps the main module's objects from being finalized


def tell_end():
    if me.suspect:
        return
    via, code = how()
    if me.waits:
        me.settle()
    if via:
        ending = '"code":null,"signal":"SIGINT"' if code is None else '"code":%d,"signal":null' % code
        emit('exit', '%s,"via":"%s",%s' % (ending, via, usage()))


def how():
    """`(via, code)`; code None stands for SIGINT; via '' where it is not certain."""
    error = uncaught()
    if error is not None:
        from . import errors
        errors.report(error)
        if sys.excepthook is not sys.__excepthook__:
            return '', None  # it may have raised SystemExit
        return 'exception', None if isinstance(error, KeyboardInterrupt) else 1
    main = Main.frame
    if main is None or hasattr(sys, 'ps1'):
        return '', None
    if main.f_code.co_code[main.f_lasti] in RETURNS:
        return 'return', 0
    if Main.exit is not None and Main.exit[1] == main.f_lasti:
        return 'sys.exit', Main.exit[0]
    return '', None


def uncaught():
    """
    The exception that ended the main program, or None. `sys.last_value` alone proves nothing (pytest and IPython set it,
    too): the traceback must begin in an outermost frame that never went on.
    """
    error = getattr(sys, 'last_exc', None) or getattr(sys, 'last_value', None)
    trace = getattr(error, '__traceback__', None)
    if trace is None or hasattr(sys, 'ps1') or isinstance(error, SystemExit):
        return None
    frame = trace.tb_frame
    if Main.frame is not None and frame is not Main.frame or frame.f_back is not None or is_ours(frame):
        return None
    return error if frame.f_code.co_code[frame.f_lasti] not in RETURNS else None
