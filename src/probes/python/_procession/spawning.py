"""
Children that are commands, and programs that become others: `os.exec*`, `os.posix_spawn`, and `_posixsubprocess.fork_exec`,
through which `subprocess` makes its children. What is told is the command line that the program meant, before any
debugger rewrites it.
"""
import os
import posix
import sys

from . import environment, places, waits
from .environment import KEYS, with_ours
from .hooks import Builtin, is_library, outside
from .journal import created, emit, here, me
from .texts import render, text, words


def site():
    """The place of the program's call that led here."""
    return places.call(sys._getframe())[0]


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
    emit('exec', render({'argv': words(argv), 'site': site()}))
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
    emit('spawn', render({'child': created(pid), 'method': spawn_method(), 'argv': words(args[1]), 'site': site()}))


def posix_spawn_failed(error, args, note):
    if isinstance(error, OSError) and len(args) > 1:
        emit('spawnFailed', render({'method': spawn_method(), 'argv': words(args[1]), 'message': error.strerror, 'site': site()}))


def spawn_method():
    return 'subprocess' if called_by() == '_posix_spawn' else 'os.posix_spawn'


def steps(name):
    if name.startswith('exec'):
        return {'before': before_exec, 'failed': exec_failed}
    return {'before': before_posix_spawn, 'after': after_posix_spawn, 'failed': posix_spawn_failed}


def carried(block):
    """An environment block (a list of b'KEY=value') with our variables in it."""
    given = {}
    others = []
    for item in block:
        key, _, value = item.partition(b'=')
        if key in KEYS:
            given[key] = value
        else:
            others.append(item)
    return others + [key + b'=' + with_ours(key, given.get(key)) for key in KEYS]


def before_fork_exec(args, kwargs):
    here()
    if len(args) > 5 and args[5] is not None:
        return args[:5] + (carried(list(args[5])),) + args[6:], None
    return None


def after_fork_exec(pid, args, note):
    if called_by() != '_execute_child':
        return  # multiprocessing's own, told by its Process
    kind = getattr(sys.modules.get('subprocess'), 'Popen', None)
    if kind is not None:
        waits.watch(kind)
    fields = {'method': 'subprocess', 'argv': words(args[0]), 'cwd': args[4] and text(args[4]), 'site': site()}
    if 'debugpy' in sys.modules and is_debuggers(sys._getframe()):
        fields['role'] = 'helper'
    message = obstacle(args[1], args[4])
    if message:
        waits.doomed[pid] = dict(fields, message=message, cwd=None)
    else:
        emit('spawn', render(dict(fields, child=created(pid))))


def is_debuggers(frame):
    """Whether debugpy has made this call for itself (it asks `uname` for the processor, to log it)."""
    while frame is not None and is_library(frame.f_code.co_filename):
        frame = frame.f_back
    return frame is not None and '/debugpy/' in frame.f_code.co_filename


def failed(error, args, note):
    if called_by() == '_execute_child' and isinstance(error, OSError):
        emit('spawnFailed', render({'method': 'subprocess', 'argv': words(args[0]), 'message': error.strerror,
                                    'site': site()}))


def obstacle(candidates, cwd):
    """Why none of the paths can be executed; '' if one can."""
    message = ''
    for path in candidates:
        full = os.path.join(os.fsencode(cwd), path) if cwd else path
        try:
            posix.stat(full)
        except OSError as error:
            message = message or error.strerror
            continue
        if posix.access(full, posix.X_OK):
            return ''
        message = os.strerror(13)
    return message


def observe(module):
    hook = Builtin(module, 'fork_exec', before=before_fork_exec, after=after_fork_exec, failed=failed)
    imported = sys.modules.get('subprocess')
    if hasattr(imported, '_fork_exec'):
        imported._fork_exec = hook
