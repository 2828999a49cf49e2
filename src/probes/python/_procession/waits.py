"""
What the program waits for. No frame of ours is on the stack meanwhile, and a signal handler of the program's that runs when
the wait is over does so where it would without us.

What is called in place of `os.waitpid` is the C part of functools.lru_cache around it, made for this one call: it keeps
what came back. That is looked up at the next occasion: before the next wait or event, when the program takes the status
apart, when a Popen gets its returncode, at the end.
"""
import os
import posix
import sys

from .hooks import borrowed, builtin, quietly
from .journal import bare, created, emit, me, read
from .texts import render

DECODERS = ('WIFEXITED', 'WEXITSTATUS', 'WIFSIGNALED', 'WTERMSIG', 'WIFSTOPPED', 'WCOREDUMP', 'waitstatus_to_exitcode')
MAX_THREADS = 64
doomed = {}  # pid -> spawnFailed fields of a child of subprocess that will not find its program


def reaped(pid, status):
    """A child was waited for, perhaps; the status is wait(2)'s. Stopped and continued children are still there."""
    low = status & 0x7F
    if not pid or low == 0x7F:
        return
    child = me.children.pop(pid, None) or bare(pid)
    failure = doomed.pop(pid, None) if doomed else None
    if failure and status == 255 << 8:
        emit('spawnFailed', render(failure))
    else:
        ended(child, -low if low else status >> 8 & 0xFF)


def ended(child, code):
    """Tells of a child's end; `code` is −n for signal n."""
    if code < 0:
        from . import signals
        emit('reap', '"child":"%s","code":null,"signal":"%s"' % (child, signals.signal_name(-code)))
    else:
        emit('reap', '"child":"%s","code":%d,"signal":null' % (child, code))


def after_wait(result, args, note):
    reaped(result[0], result[1])


def after_waitid(result, args, note):
    if result is None or args[2] & os.WNOWAIT or not result.si_pid:
        return
    if result.si_code == os.CLD_EXITED:
        reaped(result.si_pid, result.si_status << 8)
    elif result.si_code in (os.CLD_KILLED, os.CLD_DUMPED):
        reaped(result.si_pid, result.si_status)


def meet_children():
    """
    Remembers the children that forks have made, because a pid may be another's when it is told what became of it. The
    kernel lists the children of each thread (proc_tid_children(5)). Gives `(pid, ref)` of those that are new.
    """
    me.met.add(True)
    found = []
    if not me.proc:
        return found
    for thread in posix.listdir('/proc/self/task')[:MAX_THREADS]:
        for pid in map(int, read('/proc/self/task/%s/children' % thread, 1 << 16).split()):
            if pid not in me.children:
                found.append((pid, created(pid)))
    # A child may be killed before it has told of itself.
    if len(found) == me.untold:
        for _, child in found:
            emit('spawn', '"child":"%s","method":"os.fork","argv":%s' % (child, me.argv))
    me.untold = 0
    return found


def settle():
    """Tells what the waits brought that are over."""
    for wait in me.waits[:]:
        kept = kept_by(wait)
        if kept is None and holders(wait) > idle:
            continue  # another thread is in it, or we are in a signal handler that has interrupted it
        try:
            me.waits.remove(wait)
        except ValueError:
            continue  # another thread was faster
        if kept is not None:
            wait[1].after(kept[1], kept[0], None)


def kept_by(wait):
    """`(arguments, result)` of a call that has come back; None for others, and for those that raised."""
    for part in get_referents(wait[0]):
        if type(part) is dict:
            for kept in part.items():
                return kept
    return None


def holders(wait):
    call = wait[0]
    return sys.getrefcount(call)


def pick(hook):
    settle()
    if not me.met:
        meet_children()
    if not prepared:
        prepare()
    wait = cached(hook.real, None, False, tuple), hook
    me.waits.append(wait)
    return wait[0]


def before_decoding(hook):
    settle()
    return hook.real


def prepare():
    prepared.append(True)
    me.settle = settle
    for name in DECODERS:
        builtin(os, name, pick=before_decoding)


def before_wait(args, kwargs):
    if not me.met:
        meet_children()


def steps(name):
    """`before` and `after` are for calls with a frame of ours."""
    return {'pick': pick if cached else None, 'before': before_wait, 'after': after_waitid if name == 'waitid' else after_wait}


class Returncode:
    """
    The attribute `returncode` of a class of Popen. It is in the instance, as ever; where it is set, a wait is over. `told`:
    the value itself is the news, because others than Python wait for these children.
    """

    def __init__(self, told):
        self.told = told

    def __set__(self, popen, value):
        vars(popen)['returncode'] = value
        if value is not None:
            quietly(self.arrived, popen, value)

    def __delete__(self, popen):
        try:
            del vars(popen)['returncode']
        except KeyError:
            raise AttributeError('returncode') from None

    def arrived(self, popen, value):
        if me.waits:
            settle()
        if not self.told or type(value) is not int:
            return
        if value == 255 and getattr(popen, 'method', '') == 'forkserver':
            return  # or the pipe to the fork server broke
        child = me.children.pop(popen.pid, None)
        if child:
            ended(child, value)


def watch(kind, told=False):
    """Watches the returncode of a Popen class, where it does not so already."""
    if 'returncode' not in vars(kind):
        kind.returncode = Returncode(told)


prepared = []
cached = None  # where lru_cache is no C code, there is a frame of ours around each wait
if sys.implementation.name == 'cpython':
    cached = borrowed('_functools')._lru_cache_wrapper
    get_referents = borrowed('gc').get_referents
    idle = holders((cached(len, None, False, tuple), None))
