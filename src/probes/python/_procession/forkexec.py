"""
Hook on `_posixsubprocess.fork_exec`, through which `subprocess` makes its children (those of `os.posix_spawn` apart).
`spawn` tells the command line that the program meant, before any debugger rewrites it.
"""
import os
import posix
import sys

from . import oscalls, waits
from .environment import KEYS, with_ours
from .hooks import Builtin, is_library
from .journal import created, emit, here
from .texts import render, text, words


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
    if oscalls.called_by() != '_execute_child':
        return  # multiprocessing's own, told by its Process
    kind = getattr(sys.modules.get('subprocess'), 'Popen', None)
    if kind is not None:
        waits.watch(kind)
    fields = {'method': 'subprocess', 'argv': words(args[0]), 'cwd': args[4] and text(args[4]), 'site': oscalls.caller()[0]}
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
    if oscalls.called_by() == '_execute_child' and isinstance(error, OSError):
        emit('spawnFailed', render({'method': 'subprocess', 'argv': words(args[0]), 'message': error.strerror,
                                    'site': oscalls.caller()[0]}))


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
