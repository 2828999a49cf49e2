"""
Objects that threads wait for, described for whoever wants to know why. Nothing is called here that takes a lock or runs code of the
program: the thread that answers may hold any lock itself.
"""
import sys

from . import places
from .hooks import borrowed
from .origins import place_of

MAX_OBJECTS = 2000
MAX_PARTS = 200
# Functions of libraries that keep what they work on in a variable that is not `self`, by name.
LOCALS = {
    '_feed': ('notempty',), '_exit_function': ('p',), '_handle_results': ('cache',), '_handle_tasks': ('cache',),
    '_handle_workers': ('cache',), '_finalize_join': ('twr',), 'wait': ('object_list', 'fs'), 'as_completed': ('pending', 'fs'),
    'result_iterator': ('fs',), '_wait_for_tstate_lock': ('lock',), 'worker': ('inqueue',), '_process_worker': ('call_queue',),
}
FAMILIES = ('multiprocessing.', 'multiprocess.', 'billiard.', 'concurrent.futures.', 'threading', 'queue', '_queue', 'subprocess',
            'joblib.externals.loky.', 'loky.', 'importlib._bootstrap', 'asyncio.')


class Table:
    """The objects by number. It keeps them only while the answer is made."""

    def __init__(self):
        self.numbers = {}  # id -> number
        self.all = []
        self.facts = {}  # number -> what is known besides what the object itself tells
        self.idents = {}

    def collect(self):
        """Finds the locks, queues, pools and executors of this process, whether somebody waits for them now or not."""
        wanted = set(classes())
        if wanted:
            for one in borrowed('gc').get_objects():
                if type(one) in wanted and len(self.all) < MAX_OBJECTS:
                    self.number(one)

    def number(self, value):
        value = self.subject(value)
        family = family_of(type(value))
        if family is None:
            return None
        key = id(value)
        if key not in self.numbers:
            if len(self.all) >= MAX_OBJECTS:
                return None
            self.numbers[key] = len(self.all)
            self.all.append((family, value))
            for name, part in parts(family, value):
                number = self.number(part)
                if number is not None:
                    self.facts.setdefault(number, {'of': self.numbers[key], 'as': name})
        return self.numbers[key]

    def subject(self, value):
        """Of several objects the first; of a pool's cache its pool; of a queue's condition the queue."""
        kind = type(value)
        if kind in (set, list, tuple, frozenset) and value:
            return next(iter(value))
        if kind.__name__ in ('_PoolCache', 'dict'):
            for _, one in self.all:
                if getattr(one, '_cache', None) is value:
                    return one
        if kind.__name__ == 'Condition' and kind.__module__ == 'threading':
            for _, one in self.all:
                if getattr(one, '_notempty', None) is value:
                    return one
        if kind.__name__ in ('weakref', 'ReferenceType'):
            return value()
        return value

    def described(self):
        found = []
        at = 0
        while at < len(self.all):  # descriptions may name further objects
            family, value = self.all[at]
            fields = {'n': at, 'type': type(value).__name__}
            try:
                fields.update(DESCRIBE[family](self, value) or {})
            except Exception:
                pass  # half made, or of another version
            fields.update(self.facts.get(at, {}))
            found.append({key: field for key, field in fields.items() if field is not None})
            at += 1
        return found


def module_of(kind):
    name = kind.__module__
    for ours, theirs in (('multiprocess.', 'multiprocessing.'), ('billiard.', 'multiprocessing.'),
                         ('joblib.externals.loky.', 'loky.')):
        if type(name) is str and name.startswith(ours):
            return theirs + name[len(ours):]
    return name if type(name) is str else ''


def family_of(kind):
    """Which of the descriptions below fits a class, by the class of a library's that it is or inherits from."""
    for base in places.lineage(kind):
        found = KINDS.get((module_of(base), base.__name__))
        if found is not None:
            return found
    return None


def classes():
    """The classes, of those that are loaded, whose objects are looked for in the whole process."""
    for (module, name), family in KINDS.items():
        if family in COLLECTED:
            for prefix in ('', 'multiprocess.', 'billiard.', 'joblib.externals.'):
                full = module if not prefix else prefix + module.partition('.')[2] if prefix != 'joblib.externals.' else prefix + module
                base = getattr(sys.modules.get(full), name, None)
                if isinstance(base, type):
                    yield from family_tree(base)


def family_tree(base):
    yield base
    for kind in type.__subclasses__(base):
        yield from family_tree(kind)


def parts(family, value):
    """What an object is made of, as far as threads wait for it."""
    names = PARTS.get(family, ())
    fields = vars(value) if hasattr(value, '__dict__') else {}
    return [(name.strip('_'), fields[name]) for name in names if fields.get(name) is not None]


def semaphore(table, value):
    lock = value._semlock
    fields = {'handle': lock.handle, 'count': lock._count(), 'max': lock.maxvalue, 'mine': lock._is_mine() or None,
              'made': place_of(lock)}
    try:
        fields['value'] = lock._get_value()
    except NotImplementedError:
        pass  # macOS
    return fields


def barrier(table, value):
    return {'parties': value._parties, 'waiting': value._count, 'state': str(value._state)}


def queue(table, value):
    fields = {'fds': descriptors(value._reader, value._writer), 'unsent': len(getattr(value, '_buffer', ())),
              'made': place_of(value._rlock._semlock)}
    limit = getattr(value, '_maxsize', None)
    if limit is not None:
        fields['limit'] = limit
        fields['size'] = limit - value._sem._semlock._get_value()
        fields['owner'] = getattr(getattr(value, '_thread', None), '_native_id', None)
    return fields


def simple_queue(table, value):
    return {'fds': descriptors(value._reader, value._writer), 'made': place_of(value._rlock._semlock)}


def descriptors(*connections):
    return [one._handle for one in connections if getattr(one, '_handle', None) is not None]


def connection(table, value):
    return {'fds': descriptors(value)}


def process(table, value):
    popen = value._popen
    return {'name': str(value._name), 'pid': getattr(popen, 'pid', None), 'state': 'daemon' if value._config.get('daemon') else None}


def popen(table, value):
    return {'pid': value.pid, 'text': brief_command(getattr(value, 'args', None)),
            'fds': [stream.fileno() for stream in (getattr(value, name, None) for name in ('stdin', 'stdout', 'stderr'))
                    if stream is not None and not stream.closed] or None}


def brief_command(args):
    return places.shorten(' '.join(str(word) for word in args) if type(args) in (list, tuple) else str(args), 200) if args else None


def pool(table, value):
    fields = {'workers': [worker.pid for worker in list(value._pool) if type(worker.pid) is int][:MAX_PARTS],
              'pending': len(value._cache), 'state': str(value._state), 'queued': value._taskqueue.qsize()}
    reader = getattr(value._inqueue, '_reader', None)
    if reader is not None and ready(reader._handle):
        fields['queued'] += 1
    handlers = (('worker', value._worker_handler), ('task', value._task_handler), ('result', value._result_handler))
    # A thread takes itself out of `_active` when it ends. is_alive() would take a lock.
    active = sys.modules['threading']._active
    dead = [name for name, handler in handlers if handler._ident not in active]
    if dead:
        fields['lost'] = ' '.join(dead)
    fields['owner'] = getattr(value._result_handler, '_native_id', None)
    return fields


def ready(fd):
    """Whether there is something to be read, without reading it."""
    select = sys.modules.get('select')
    if select is None:
        return False
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(0))


def job(table, value):
    fields = {'pending': getattr(value, '_number_left', None), 'text': str(getattr(value, '_job', ''))}
    owner = getattr(value, '_pool', None)
    number = table.number(owner) if owner is not None else None
    if number is not None:
        fields['of'] = number
    return fields


def executor(table, value):
    items = getattr(value, '_pending_work_items', None) or {}
    pending = [item for item in list(items.values())[:MAX_PARTS]]
    fields = {'pending': len(items), 'limit': getattr(value, '_max_workers', None)}
    workers = getattr(value, '_processes', None)
    if type(workers) is dict:
        fields['workers'] = [pid for pid in list(workers)[:MAX_PARTS] if type(pid) is int]
    fields['functions'] = sorted({name_of(item) for item in pending})[:10] or None
    # A future that was handed out to a worker, or is about to be, is marked as running.
    fields['queued'] = sum(1 for item in pending if getattr(item.future, '_state', '') == 'PENDING')
    for item in pending:
        number = table.number(item.future)
        if number is not None:
            table.facts[number] = {'of': table.numbers[id(value)], 'as': name_of(item)}
    work = getattr(value, '_work_queue', None)
    if work is not None and hasattr(value, '_threads'):
        fields['queued'] = work.qsize()
    if getattr(value, '_broken', False):
        fields['lost'] = 'broken'
    fields['state'] = 'shutdown' if getattr(value, '_shutdown_thread', getattr(value, '_shutdown', False)) else 'running'
    return fields


def name_of(item):
    function = item.fn
    inner = getattr(function, 'args', None)
    if getattr(getattr(function, 'func', None), '__name__', '') == '_process_chunk' and inner:
        function = inner[0]
    return str(getattr(function, '__qualname__', type(function).__name__))


def manager(table, value):
    """The thread of an executor that brings results and sees workers die; of 3.8 it is a function."""
    reference = getattr(value, 'executor_reference', None)
    owner = reference() if reference is not None else None
    number = table.number(owner) if owner is not None else None
    return {'of': number, 'owner': getattr(value, '_native_id', None)}


def future(table, value):
    return {'state': str(value._state).lower()}


def thread(table, value):
    return {'name': str(value._name), 'owner': getattr(value, '_native_id', None)}


def thread_semaphore(table, value):
    return {'value': value._value}


def thread_queue(table, value):
    held = getattr(value, 'queue', None)
    return {'size': len(held) if held is not None else value.qsize(), 'limit': getattr(value, 'maxsize', 0)}


def module_lock(table, value):
    owner = value.owner
    return {'name': str(value.name), 'owner': table.idents.get(owner)}


def proxy(table, value):
    token = value._token
    return {'name': str(token.typeid), 'text': str(token.address)}


def nothing(table, value):
    return None


# (module, class) -> the description that fits it and what inherits from it.
KINDS = {
    ('multiprocessing.synchronize', 'SemLock'): 'semaphore',
    ('multiprocessing.synchronize', 'Condition'): 'condition',
    ('multiprocessing.synchronize', 'Event'): 'event',
    ('multiprocessing.queues', 'Queue'): 'queue',
    ('multiprocessing.queues', 'SimpleQueue'): 'simple queue',
    ('multiprocessing.connection', '_ConnectionBase'): 'connection',
    ('multiprocessing.process', 'BaseProcess'): 'process',
    ('multiprocessing.pool', 'Pool'): 'pool',
    ('multiprocessing.pool', 'ApplyResult'): 'job',
    ('multiprocessing.pool', 'IMapIterator'): 'job',
    ('multiprocessing.managers', 'BaseProxy'): 'proxy',
    ('multiprocessing.managers', 'Server'): 'server',
    ('concurrent.futures._base', 'Future'): 'future',
    ('concurrent.futures._base', 'Executor'): 'executor',
    ('concurrent.futures.process', '_ExecutorManagerThread'): 'manager',
    ('loky.process_executor', '_ExecutorManagerThread'): 'manager',
    ('threading', 'Barrier'): 'barrier',
    ('threading', 'Condition'): 'thread condition',
    ('threading', 'Event'): 'thread event',
    ('threading', 'Semaphore'): 'thread semaphore',
    ('threading', 'Thread'): 'thread',
    ('queue', 'Queue'): 'thread queue',
    ('subprocess', 'Popen'): 'popen',
    ('importlib._bootstrap', '_ModuleLock'): 'module lock',
    ('_frozen_importlib', '_ModuleLock'): 'module lock',
}
COLLECTED = ('semaphore', 'condition', 'event', 'queue', 'simple queue', 'pool', 'executor', 'barrier', 'popen')
PARTS = {
    'condition': ('_lock', '_sleeping_count', '_woken_count', '_wait_semaphore'),
    'event': ('_cond', '_flag'),
    'barrier': ('_cond',),
    'queue': ('_rlock', '_wlock', '_sem', '_cond', '_unfinished_tasks'),
    'simple queue': ('_rlock', '_wlock'),
    'pool': ('_inqueue', '_outqueue', '_change_notifier'),
    'executor': ('_call_queue', '_result_queue'),
}
DESCRIBE = {
    'semaphore': semaphore, 'condition': nothing, 'event': nothing, 'queue': queue, 'simple queue': simple_queue,
    'connection': connection, 'process': process, 'pool': pool, 'job': job, 'proxy': proxy, 'server': nothing, 'future': future,
    'executor': executor, 'manager': manager, 'barrier': barrier, 'thread condition': nothing, 'thread event': nothing,
    'thread semaphore': thread_semaphore, 'thread': thread, 'thread queue': thread_queue, 'popen': popen, 'module lock': module_lock,
}
