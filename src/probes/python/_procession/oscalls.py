"""Hooks on `os` and `sys`: who is made, waited for, signalled, replaced, watched, and how the process leaves."""
import os
import sys
from _thread import get_ident

from . import ending
from .hooks import builtin, outside
from .journal import FORKS, here, me

HOMES = (
    ('waits', os, ('wait', 'waitpid', 'wait3', 'wait4', 'waitid')),
    ('signals', os, ('kill', 'killpg')),
    ('spawning', os, ('execv', 'execve', 'posix_spawn', 'posix_spawnp')),
    ('watchers', sys, ('settrace', 'setprofile', '_settraceallthreads', '_setprofileallthreads', 'addaudithook')),
)


def pick_fork(hook):
    """Whoever forks otherwise is C code."""
    here()
    me.forking.add(get_ident())
    frame = outside(sys._getframe())
    if frame is None or not frame.f_code.co_filename.endswith(FORKS):
        me.untold += 1
    return hook.real


def before_sys_exit(args, kwargs):
    ending.asked(args[0] if args else None, outside(sys._getframe()))


def install():
    for home, module, names in HOMES:
        for name in names:
            builtin(module, name, home)
    if hasattr(sys, 'monitoring'):
        builtin(sys.monitoring, 'register_callback', 'watchers')
    if me.forks_tell:
        for name in ('fork', 'forkpty'):
            builtin(os, name, pick=pick_fork)
    builtin(os, '_exit', before=ending.before_exit)
    builtin(sys, 'exit', before=before_sys_exit)
