"""
What a worker of a pool or an executor does now and has done: 64-bit words in a page of memory that it shares with a file,
`<run>/pages/<id>`. Thousands of tasks a second are no events; a store into memory costs nothing, survives SIGKILL, and whoever
wants to know reads the file. The layout is told in src/insight/taskPage.ts.

A worker takes a task by `SimpleQueue.get` or `Queue.get`, which look up `loads` of `_ForkingPickler` when the bytes are there, and
answers by `put`, which looks up `dumps`. These look-ups are where tasks begin and end, so no frame of ours stands on the stack of a
worker that waits or works.
"""
import posix
import sys
import time

from . import places
from .hooks import borrowed, quietly
from .journal import me

SIZE = 16384
VERSION = 1
HEAD, PREFIX, RING, NAMES = 16, 512, 256, 6144  # words, bytes, spans of 4 words, bytes
PREFIX_AT = HEAD * 8
RING_AT = (PREFIX_AT + PREFIX) // 8
NAMES_AT = (RING_AT + RING * 4) * 8
STARTED, DONE, FAILED, BYTES, SINCE, LENGTH, LONGEST, BUSY, SPANS, SAMPLED = 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
# ns: a worker whose last tasks were all shorter times one in so many
SHORT, PATIENCE, EVERY = 50_000, 500, 16
END = b'\x80\x04N.'  # None: there are no more tasks
LONG = 200_000  # ns: what a look at the function of a task is small against


class Page:
    """The page of this process; one of it is `me.page`."""

    def __init__(self, memory, takers, answerers):
        self.memory = memory
        self.words = memoryview(memory).cast('q')
        self.takers, self.answerers = takers, answerers  # code of the functions that take a task, and that answer
        self.functions = {}  # bytes that name a function in a pickle -> its number
        self.named = 0  # bytes used for names
        self.task = b''  # the beginning of the pickle of the current task
        self.function = 0
        self.short = 0  # tasks in a row that were short


def begin():
    """In a worker, before it takes its first task."""
    queues, pool = sys.modules.get('multiprocessing.queues'), sys.modules.get('multiprocessing.pool')
    if queues is None or me.page is not None:
        return
    takers, answerers = set(), set()
    if pool is not None:
        takers.add(pool.worker.__code__)
        answerers.add(pool.worker.__code__)
    for name in ('concurrent.futures.process', 'joblib.externals.loky.process_executor', 'loky.process_executor'):
        module = sys.modules.get(name)
        if module is not None:
            takers.add(module._process_worker.__code__)
            answerers.add(module._sendback_result.__code__)
    me.page = Page(shared(), takers, answerers)
    words = me.page.words
    words[0], words[1] = VERSION, posix.getpid()
    words[2], words[3] = time.time_ns(), time.monotonic_ns()
    install(queues)
    for name in ('joblib.externals.loky.backend.queues', 'loky.backend.queues'):
        if name in sys.modules:
            watch_reducers(sys.modules[name].SimpleQueue)


def shared():
    mmap = borrowed('mmap')
    path = '%s/pages/%s' % (me.run, me.id)
    flags = posix.O_RDWR | posix.O_CREAT | posix.O_CLOEXEC
    try:
        fd = posix.open(path, flags, 0o600)
    except FileNotFoundError:
        posix.mkdir(me.run + '/pages', 0o700)
        fd = posix.open(path, flags, 0o600)
    try:
        posix.ftruncate(fd, SIZE)
        if sys.version_info >= (3, 13):
            return mmap.mmap(fd, SIZE, trackfd=False)
        return mmap.mmap(fd, SIZE)
    finally:
        posix.close(fd)


class Lookups:
    """Stands in for `_ForkingPickler` in a module of queues."""

    def __init__(self, real):
        self.__dict__['real'] = real

    @property
    def loads(self):
        page = me.page
        if page is not None:
            frame = sys._getframe(1)
            if frame.f_back.f_code in page.takers:
                quietly(taken, page, frame)
        return self.real.loads

    @property
    def dumps(self):
        page = me.page
        if page is not None:
            frame = sys._getframe(1)
            if frame.f_back.f_code in page.answerers:
                quietly(answered, page, frame)
        return self.real.dumps

    def __getattr__(self, name):
        return getattr(self.real, name)

    def __call__(self, *args, **kwargs):
        return self.real(*args, **kwargs)


def install(queues):
    if type(queues._ForkingPickler) is not Lookups:
        queues._ForkingPickler = Lookups(queues._ForkingPickler)


def watch_reducers(kind):
    """loky pickles its results itself, with the reducers of the queue."""
    if '_reducers' in vars(kind):
        return

    def get(queue):
        page = me.page
        if page is not None:
            frame = sys._getframe(1)
            if frame.f_back.f_code in page.answerers:
                quietly(answered, page, frame)
        return queue.__dict__['_reducers']

    def set_(queue, value):
        queue.__dict__['_reducers'] = value

    kind._reducers = property(get, set_)


def taken(page, frame):
    """A task has come: `frame` is that of `get`, with its bytes in `res`."""
    words = page.words
    words[STARTED] += 1
    if page.short >= PATIENCE and words[STARTED] % EVERY:
        words[SAMPLED] += 1
        page.task = b''
        return
    data = frame.f_locals['res']
    if len(data) <= len(END):
        words[STARTED] -= 1
        return
    page.task = head = bytes(data[:PREFIX])
    words[BYTES] += len(data)
    words[LENGTH] = len(head)
    page.memory[PREFIX_AT:PREFIX_AT + len(head)] = head
    if page.short == 0:
        page.function = number_of(page, head)
    words[SINCE] = time.monotonic_ns()


def answered(page, frame):
    """The task is done: `frame` is that of `put`, with the result in `obj`."""
    words = page.words
    words[DONE] += 1
    if not page.task:
        return
    since = words[SINCE]
    words[SINCE] = 0
    span = time.monotonic_ns() - since
    if span < SHORT:
        page.short += 1
    else:
        page.short = 0
    if span >= LONG:
        page.function = number_of(page, page.task)
    failed = has_failed(frame.f_locals['obj'])
    words[FAILED] += failed
    words[BUSY] += span
    if span > words[LONGEST]:
        words[LONGEST] = span
    at = RING_AT + words[SPANS] % RING * 4
    words[at], words[at + 1], words[at + 2] = since, span, page.function * 2 + failed
    words[at + 3] = words[STARTED]
    words[SPANS] += 1
    page.task = b''


def has_failed(result):
    """Of a Pool `(job, number, (ok, value))`, of an executor an item that holds the exception."""
    if type(result) is tuple:
        return 1 - result[2][0]
    return 0 if getattr(result, 'exception', None) is None else 1


def number_of(page, head):
    """The number of the function that a pickled task names; that of `mapstar` and the like is not the program's."""
    key = name_in(head)
    number = page.functions.get(key)
    if number is None:
        number = page.functions[key] = len(page.functions) + 1
        entry = describe(key)
        end = page.named + len(entry)
        if end <= NAMES:
            page.memory[NAMES_AT + page.named:NAMES_AT + end] = entry
            page.named = end
            page.words[14] = page.named
    return number


def name_in(head):
    """`(module, name)` of the first global in a pickle that is not one of a library's own helpers."""
    at = 0
    found = ('', '')
    for _ in range(4):
        end = head.find(b'\x94\x93', at)
        if end < 0:
            return found
        name_at = head.rfind(b'\x8c', at, end)
        module_at = head.rfind(b'\x8c', at, name_at)
        if module_at >= 0:
            name = head[name_at + 2:name_at + 2 + head[name_at + 1]]
            module = head[module_at + 2:module_at + 2 + head[module_at + 1]]
            found = module.decode('utf-8', 'replace'), name.decode('utf-8', 'replace')
            if not found[0].startswith(('multiprocessing.', 'concurrent.', 'functools', 'joblib.', 'loky.', 'cloudpickle')):
                return found
        at = end + 2
    return found


def describe(key):
    """`name NUL file NUL line LF`"""
    module, name = key
    value = sys.modules.get(module)
    for part in name.split('.'):
        value = getattr(value, '__dict__', {}).get(part)
    site = (value is not None and places.target(value)) or {}
    return ('%s\0%s\0%s\n' % (name, site.get('file', ''), site.get('line', 0))).encode('utf-8', 'replace')
