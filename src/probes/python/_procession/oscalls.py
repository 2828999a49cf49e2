"""Hooks on `os`: who is made, waited for, signalled, replaced, and how the process leaves."""
import os
import posix
import sys
from _thread import get_ident

from . import ending, environment
from .hooks import builtin, later, outside
from .journal import created, emit, here, me
from .texts import render, words


def caller():
    """`(site, via)` of the program's call that led here."""
    from . import places
    return places.call(sys._getframe())


def called_by():
    """Name of the function that called the hooked one."""
    frame = outside(sys._getframe())
    return '' if frame is None else frame.f_code.co_name


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
    here()
    if len(args) == 3 and args[2] is not None:
        return (args[0], args[1], environment.carried(args[2])), None
    return None


def after_posix_spawn(pid, args, note):
    method = 'subprocess' if called_by() == '_posix_spawn' else 'os.posix_spawn'
    emit('spawn', render({'child': created(pid), 'method': method, 'argv': words(args[1]), 'site': caller()[0]}))


def posix_spawn_failed(error, args, note):
    if isinstance(error, OSError) and len(args) > 1:
        method = 'subprocess' if called_by() == '_posix_spawn' else 'os.posix_spawn'
        failure = {'method': method, 'argv': words(args[1]), 'message': error.strerror, 'site': caller()[0]}
        emit('spawnFailed', render(failure))


def before_sys_exit(args, kwargs):
    ending.asked(args[0] if args else None, outside(sys._getframe()))


def pick_fork(hook):
    """Whoever forks otherwise is C code."""
    here()
    me.forking.add(get_ident())
    return hook.real


def ungated(function):
    watchers = sys.modules.get(__package__ + '.watchers')
    return function if watchers is None else watchers.function_of(function)


def install():
    for name in ('wait', 'waitpid', 'wait3', 'wait4'):
        builtin(os, name, later('waits', 'pick'), after=later('waits', 'after_wait'))
    builtin(os, 'waitid', later('waits', 'pick'), after=later('waits', 'after_waitid'))
    for name in ('kill', 'killpg'):
        builtin(os, name, later('signals', 'pick'), before=later('signals', 'before_' + name))
    if me.forks_tell:
        for name in ('fork', 'forkpty'):
            builtin(os, name, pick_fork)
    builtin(os, 'execv', before=before_exec, failed=exec_failed)
    builtin(os, 'execve', before=before_exec, failed=exec_failed)
    for name in ('posix_spawn', 'posix_spawnp'):
        builtin(os, name, before=before_posix_spawn, after=after_posix_spawn, failed=posix_spawn_failed)
    builtin(os, '_exit', before=ending.before_exit)
    builtin(sys, 'exit', before=before_sys_exit)
    for name in ('settrace', 'setprofile'):
        builtin(sys, name, before=later('watchers', 'before_' + name))
        builtin(sys, '_%sallthreads' % name, before=later('watchers', 'before_' + name))  # 3.12
        builtin(sys, name.replace('set', 'get'), given=ungated)
    builtin(sys, 'addaudithook', before=later('watchers', 'before_addaudithook'))
    if hasattr(sys, 'monitoring'):
        builtin(sys.monitoring, 'register_callback', before=later('watchers', 'before_register_callback'), given=ungated)
