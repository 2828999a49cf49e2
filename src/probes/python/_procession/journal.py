"""
The journal of this process: who it is, and the events it appends to `<run>/events/<pid>.<start>.ndjson`.

No descriptor, lock or thread is kept: an event is open, append, close, so that it survives fork, SIGKILL and
`os.closerange`, and nothing of it is to be seen in the program.

Every page of memory that a forked child or its parent touches is copied, which costs far more than the instructions do.
So what runs at every fork is kept in few functions here and in `ending` and `processes`, and what is rare elsewhere.
"""
import posix
import time

APPEND = posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT | posix.O_CLOEXEC
READ = posix.O_RDONLY | posix.O_CLOEXEC
EMFILE = (23, 24)  # ENFILE, EMFILE: the program's own shortage, which may pass
MAX_CHILDREN = 4096


class Member:
    """What the probe knows about the process it is in. One instance, `me`."""

    run = ''
    options = ''
    tail = b''  # of the mark that children get: options and run directory
    id = ''
    parent = ''
    grandparent = ''
    space = ''  # '@' and the pid namespace, in a process of another one than the launcher's; see core/namespaces.ts
    proc = True  # the numbers under /proc are those of this process's own pid namespace
    host = ''  # JSON, in a process that a launcher numbers
    argv = '[]'  # JSON
    forked = False
    method = ''  # how this process came to be, where it is a forked child
    server = False  # a fork server of multiprocessing
    silent = False
    error = False  # an uncaught exception has been reported
    children = {}  # pid -> ref of children that were not reaped yet
    page = None  # of a worker: where it notes its tasks
    starting = {}  # thread -> (id of a multiprocessing.Process that is being started, JSON of its name, JSON of the rest)


me = Member()
_clock = time.time
_getpid = posix.getpid
_putenv = posix.putenv


def emit(kind, fields):
    """Appends one event, its fields given as JSON without braces. Where that fails, goes silent for good in this process."""
    if me.silent:
        return
    name = me.id or identify()
    line = '{"e":"%s","t":%.3f,"id":"%s",%s}\n' % (kind, _clock() * 1000, name, fields)
    append('%s/events/%s.ndjson' % (me.run, name), line.encode())


def append(path, data):
    try:
        fd = posix.open(path, APPEND, 0o600)
        try:
            me.silent = posix.write(fd, data) != len(data)
        finally:
            posix.close(fd)
    except OSError as error:
        if error.errno is None:
            raise  # a signal handler of the program raised, e.g. TimeoutError
        me.silent = error.errno not in EMFILE


def identify():
    """Sets `me.id` to this process's own, and makes it the nearest observed ancestor of whatever this process executes."""
    me.id = own()
    _putenv(b'PROCESSION', b'1|' + me.id.encode() + me.tail)
    return me.id


def own():
    """
    The reference to this process. In another pid namespace (a container, `unshare --pid`), our pid is somebody else's
    outside, so the namespace is part of it; and where `/proc` is still that of outside, so are the numbers there.
    """
    pid = _getpid()
    shown, start = stat_of('self')
    me.proc = shown == b'%d' % pid
    try:
        here = posix.readlink('/proc/self/ns/pid')[5:-1]  # pid:[4026531836]
        told = me.options.partition('n')[2]
        me.space = '@' + here if told and here != told else ''
    except OSError:
        # Without a /proc nobody can say, but for a forked child that sees its parent: that one has the same namespace.
        if not shown and not (me.forked and me.parent.startswith('%d%s.' % (posix.getppid(), me.space))):
            me.space = '@0'
    return '%d%s.%s' % (pid, me.space, start or 'm%d' % (_clock() * 1000))


def stat_of(pid):
    """
    Pid and start time in clock ticks since boot of a process, as bytes and text (fields 1 and 22, proc_pid_stat(5));
    empty if unknown.
    """
    try:
        fd = posix.open('/proc/%s/stat' % pid, READ)
        try:
            stat = posix.read(fd, 512)
        finally:
            posix.close(fd)
        at = stat.rindex(b')') + 2  # the name before may hold spaces
        for _ in range(19):
            at = stat.index(b' ', at) + 1
        return stat[:stat.index(b' ')], stat[at:stat.index(b' ', at)].decode()
    except (OSError, ValueError):
        return b'', ''


def read(path, size):
    """The first bytes of a small file."""
    fd = posix.open(path, READ)
    try:
        return posix.read(fd, size)
    finally:
        posix.close(fd)


def refer(pid):
    """The best reference to a process by its pid alone."""
    if pid == _getpid():
        return me.id or identify()
    return me.children.get(pid) or with_start(pid)


def bare(pid):
    """The reference to a process, or with a negative number to a group, whose start is not known."""
    return '%d%s' % (pid, me.space)


def with_start(pid):
    start = me.proc and stat_of(pid)[1]
    return '%d%s.%s' % (pid, me.space, start) if start else bare(pid)


def created(pid):
    """Remembers a new child until it is reaped and returns its reference."""
    child = with_start(pid)
    if len(me.children) < MAX_CHILDREN:
        me.children[pid] = child
    return child
