"""Hooks on `os`: who is waited for, signalled, replaced, and how the process leaves."""
import os
import posix
import sys

from . import ending, environment
from .hooks import builtin
from .journal import bare, created, emit, me, refer
from .texts import render, words

signals = {}
doomed = {}  # pid -> spawnFailed fields of a child of subprocess that will not find its program


def signal_name(number):
    """SIGTERM for 15. `_signal` is builtin; `signal` would cost 2 to 5 ms."""
    if not signals:
        import _signal
        for name, value in vars(_signal).items():
            if name.startswith('SIG') and not name.startswith('SIG_') and name not in ('SIGCLD', 'SIGPOLL'):
                signals[int(value)] = name
    return signals.get(number) or 'SIGRTMIN+%d' % (number - 34)


def caller():
    """`(site, via)` of the program's call that led here."""
    from . import places
    return places.call(sys._getframe())


def reaped(result, args=(), note=None):
    """A child was waited for, perhaps; the status is wait(2)'s. Stopped and continued children are still there."""
    pid, status = result[0], result[1]
    low = status & 0x7F
    if not pid or low == 0x7F:
        return
    child = me.children.pop(pid, None) or bare(pid)
    failure = doomed and doomed.pop(pid, None)
    if failure and sys._getframe(3).f_code.co_name == '_execute_child':
        emit('spawnFailed', render(failure))
    elif low:
        emit('reap', '"child":"%s","code":null,"signal":"%s"' % (child, signal_name(low)))
    else:
        emit('reap', '"child":"%s","code":%d,"signal":null' % (child, status >> 8 & 0xFF))


def after_waitid(result, args, note):
    if result is None or args[2] & os.WNOWAIT or not result.si_pid:
        return
    if result.si_code == os.CLD_EXITED:
        reaped((result.si_pid, result.si_status << 8))
    elif result.si_code in (os.CLD_KILLED, os.CLD_DUMPED):
        reaped((result.si_pid, result.si_status))


def signalling(to, number, name):
    site, via = caller()
    return render({'to': to, 'signal': signal_name(number), 'via': via or name, 'site': site})


def before_kill(args, kwargs):
    """A signal that may end ourselves is told before it is sent, any other when it has been. Signal 0 is only a question."""
    pid, number = args
    if not number:
        return None
    if pid <= 0:
        emit('signal', signalling(bare(pid or -posix.getpgrp()), number, 'os.kill'))
    elif pid == posix.getpid():
        emit('signal', signalling(refer(pid), number, 'os.kill'))
    else:
        return args, signalling(refer(pid), number, 'os.kill')


def before_killpg(args, kwargs):
    group, number = args
    if number:
        emit('signal', signalling(bare(-(group or posix.getpgrp())), number, 'os.killpg'))


def after_kill(result, args, note):
    if note:
        emit('signal', note)


def before_exec(args, kwargs):
    """The new image gets our own ancestor, so that it does not take itself for its parent."""
    path = args[0] if args else kwargs['path']
    argv = args[1] if len(args) > 1 else kwargs['argv']
    if not isinstance(path, int) and not posix.access(path, os.X_OK):
        return None  # os.execvp tries every directory of PATH
    emit('exec', render({'argv': words(argv), 'site': caller()[0]}))
    environment.announce(me.parent)
    if 'env' in kwargs:
        kwargs['env'] = environment.carried(kwargs['env'], me.parent)
    elif len(args) > 2:
        args = args[:2] + (environment.carried(args[2], me.parent),)
    return args, True


def exec_failed(error, args, note):
    if note:
        environment.announce(me.id)


def before_posix_spawn(args, kwargs):
    if len(args) == 3 and args[2] is not None:
        return (args[0], args[1], environment.carried(args[2])), None
    return None


def after_posix_spawn(pid, args, note):
    method = 'subprocess' if sys._getframe(3).f_code.co_name == '_posix_spawn' else 'os.posix_spawn'
    emit('spawn', render({'child': created(pid), 'method': method, 'argv': words(args[1]), 'site': caller()[0]}))


def posix_spawn_failed(error, args, note):
    if isinstance(error, OSError) and len(args) > 1:
        method = 'subprocess' if sys._getframe(3).f_code.co_name == '_posix_spawn' else 'os.posix_spawn'
        failure = {'method': method, 'argv': words(args[1]), 'message': error.strerror, 'site': caller()[0]}
        emit('spawnFailed', render(failure))


def before_sys_exit(args, kwargs):
    ending.asked(args[0] if args else None, sys._getframe(3))


def install():
    for name in ('wait', 'waitpid', 'wait3', 'wait4'):
        builtin(os, name, after=reaped)
    builtin(os, 'waitid', after=after_waitid)
    builtin(os, 'kill', before=before_kill, after=after_kill)
    builtin(os, 'killpg', before=before_killpg)
    builtin(os, 'execv', before=before_exec, failed=exec_failed)
    builtin(os, 'execve', before=before_exec, failed=exec_failed)
    for name in ('posix_spawn', 'posix_spawnp'):
        builtin(os, name, before=before_posix_spawn, after=after_posix_spawn, failed=posix_spawn_failed)
    builtin(os, '_exit', before=ending.before_exit)
    builtin(sys, 'exit', before=before_sys_exit)
