"""
What each thread of this process waits for: its stack, and the objects of multiprocessing, threading, concurrent.futures and the
like that are at work in it. Loaded when somebody asks, and leaves nothing behind.
"""
import posix
import sys
from _thread import get_ident

from . import objects
from .hooks import is_ours
from .places import PROGRAM, absolute, arguments, owner_of, owners, target

MAX_FRAMES = 80
MAX_THREADS = 400
MAX_COROUTINES = 50
OPTIMIZED = 1  # of co_flags: local variables are not a dict of the program's own


def inquire(main):
    """`main` is the frame that the signal interrupted."""
    table = objects.Table()
    table.collect()
    threads = []
    for ident, tid, name, daemon in running():
        frame = main if ident == get_ident() else sys._current_frames().get(ident)
        if frame is not None and len(threads) < MAX_THREADS:
            threads.append(thread(tid, name, daemon, frame, table))
    answer = {'threads': threads, 'waiting': coroutines(table)}
    table.idents = {ident: tid for ident, tid, _, _ in running()}
    answer['objects'] = table.described()
    return answer


def running():
    """`(ident, native id, name, daemon)` of each thread; the debugger's are left out."""
    threading = sys.modules.get('threading')
    known = list(getattr(threading, '_active', {}).items())
    me = get_ident()
    found = []
    for ident, one in known:
        if ident != me and not getattr(one, 'is_pydev_daemon_thread', False):
            found.append((ident, getattr(one, '_native_id', None) or 0, str(one._name), bool(one._daemonic)))
    # A handler of Python runs in the main thread, whose native id is that of the process, also where a fork has changed it.
    name = [str(one._name) for ident, one in known if ident == me]
    return [(me, posix.getpid(), name[0] if name else 'MainThread', False)] + found


def thread(tid, name, daemon, frame, table):
    found = {'tid': tid, 'name': name, 'daemon': daemon or None, 'frames': []}
    inner = None
    while frame is not None and len(found['frames']) < MAX_FRAMES:
        if not is_ours(frame):
            found['frames'].append(describe(frame, table))
            task = task_of(frame, inner)
            if task:
                found['task'] = task
            inner = frame
        frame = frame.f_back
    return found


def describe(frame, table):
    code = frame.f_code
    owner = owners.get(code.co_filename) or owner_of(code.co_filename)
    found = {'file': absolute(code.co_filename) if not code.co_filename.startswith('<') else code.co_filename,
             'line': frame.f_lineno or code.co_firstlineno, 'function': getattr(code, 'co_qualname', code.co_name)}
    if owner == PROGRAM and not code.co_filename.startswith('<string>'):
        found['own'] = True
    else:
        names = objects.LOCALS.get(code.co_name, ())
        if code.co_argcount and code.co_varnames[0] == 'self':
            names = ('self',) + names
        for value in local(frame, names):
            number = table.number(value)
            if number is not None:
                found['about'] = number
                break
    return found


def local(frame, names):
    """
    Some local variables of a library's function. Up to 3.12 `f_locals` is a copy that lives as long as the frame does, and all that
    is in it with it: so it is emptied.
    """
    code = frame.f_code
    names = [name for name in names if name in code.co_varnames or name in code.co_freevars or name in code.co_cellvars]
    if not names or not code.co_flags & OPTIMIZED:
        return []
    variables = frame.f_locals
    values = [variables.get(name) for name in names]
    if type(variables) is dict:
        variables.clear()
    return [value for value in values if value is not None]


def task_of(frame, inner):
    """The task that a worker of a pool or an executor runs in this frame, if it is one and runs one."""
    name = frame.f_code.co_name
    if name not in ('worker', '_process_worker', '_worker') or inner is None:
        return None
    if name == 'worker':
        values = local(frame, ('func', 'args', 'i'))
        if len(values) < 3 or inner.f_code.co_name in ('get', 'put'):
            return None
        function, args, number = values
        if inner.f_code.co_name in ('mapstar', 'starmapstar') and len(args[0]) == 2:
            chunk = args[0][1]
            return running_task(args[0][0], chunk[:1] if inner.f_code.co_name == 'mapstar' else chunk[0], number, len(chunk))
        return running_task(function, args, number, None)
    items = local(frame, ('call_item', 'work_item'))
    if not items or inner.f_code.co_name == 'get' or not hasattr(items[0], 'fn'):
        return None
    item = items[0]
    function, args = item.fn, item.args
    number = getattr(item, 'work_id', None)
    if getattr(getattr(function, 'func', None), '__name__', '') == '_process_chunk':
        chunk = args[0]
        return running_task(function.args[0], chunk[0], number, len(chunk))
    return running_task(function, args, number, None)


def running_task(function, args, number, chunk):
    # What joblib and scikit-learn wrap around the function that the program gave.
    items = getattr(function, 'items', None)
    if type(items) is list and items and type(items[0]) is tuple:
        function, args = items[0][0], items[0][1]
    function = getattr(function, 'function', function)
    place = target(function)
    name = getattr(function, '__qualname__', None) or type(function).__name__
    return {'function': str(name), 'arguments': arguments(tuple(args), {}) or None, 'number': number if type(number) is int else None,
            'chunk': chunk, 'site': place}


def coroutines(table):
    """The suspended tasks of asyncio, with the lines on which they stand."""
    asyncio = sys.modules.get('asyncio.tasks')
    found = []
    if asyncio is None:
        return found
    tasks = list(getattr(asyncio, '_all_tasks', None) or getattr(asyncio, '_scheduled_tasks', None) or ())
    for task in tasks[:MAX_COROUTINES]:
        try:
            if task.done():
                continue
            frames = []
            coroutine = task.get_coro()
            while coroutine is not None and len(frames) < MAX_FRAMES:
                frame = getattr(coroutine, 'cr_frame', None) or getattr(coroutine, 'gi_frame', None)
                if frame is None:
                    break
                frames.insert(0, describe(frame, table))
                coroutine = getattr(coroutine, 'cr_await', None) or getattr(coroutine, 'gi_yieldfrom', None)
            found.append({'name': str(task.get_name()), 'frames': frames})
        except Exception:
            continue  # a task of another make
    return found
