"""
The journal of this process: who it is, and the events it appends to `<run>/events/<pid>.<start>.ndjson`.

No descriptor, lock or thread is kept: an event is open, append, close, so that it survives fork, SIGKILL and
`os.closerange`, and nothing of it is to be seen in the program.

Every page of memory that a forked child or its parent touches is copied, which costs far more than the instructions do.
So what runs at every fork is kept in few functions here and in `ending` and `processes`, and what is rare elsewhere.
"""
import posix
import sys
import time

APPEND = posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT | posix.O_CLOEXEC
READ = posix.O_RDONLY | posix.O_CLOEXEC
EMFILE = (23, 24)  # ENFILE, EMFILE: the program's own shortage, which may pass
MAX_CHILDREN = 4096
FORKS = ('/multiprocessing/popen_fork.py', '/multiprocess/popen_fork.py')  # where a Process forks, which tells of itself


class Member:
    """What the probe knows about the process it is in. One instance, `me`."""

    run = ''
    options = ''
    tail = b''  # of the mark that children get: options and run directory
    pid = 0
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
    locked = False  # it has forbidden itself system calls: none of ours may follow
    suspect = False  # it may have, and nobody could see it
    watched = False  # the program has audit hooks or trace functions
    named = False  # by the framework whose worker it is
    error = False  # an uncaught exception has been reported
    met = set()  # empty after a fork: there may be children that `children` lacks
    children = {}  # pid -> ref of children that were not reaped yet
    page = None  # of a worker: where it notes its tasks
    waits = []  # see `waits`
    settle = None  # called when they may be over
    untold = 0  # children that os.fork() has made since `met` was filled, and of which this process has not told
    forking = set()  # threads that are about to fork by os.fork()
    forks_tell = sys.implementation.name == 'cpython'  # other forks are those of C code
    starting = {}  # thread -> (id of a multiprocessing.Process that is being started, JSON of its name, JSON of the rest)
    forked_unseen = None  # called when a fork(2) that told Python nothing has made this process


me = Member()
_getpid = posix.getpid
_putenv = posix.putenv


def steady_clock():
    """
    Seconds since the epoch, whatever the program makes of its clocks. freezegun replaces every function of `time` that
    is a module's attribute, here too; time-machine patches the builtin ones, but of clock_gettime() only CLOCK_REALTIME. So
    the time is CLOCK_BOOTTIME with an offset, which the coarse clock puts right when the system's has been set.
    """
    if sys.platform != 'linux' or not hasattr(time, 'CLOCK_BOOTTIME'):
        return time.time

    def now(read=time.clock_gettime, boot=time.CLOCK_BOOTTIME, coarse=5, offset=[time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)]):
        fine = read(boot) + offset[0]
        wall = read(coarse)  # CLOCK_REALTIME_COARSE: at most a tick of the kernel, 10 ms, behind
        if not -0.02 < wall - fine < 0.02:
            offset[0] += wall - fine
            return wall
        return fine

    return now

me.now = steady_clock()


def emit(kind, fields):
    """Appends one event, its fields given as JSON without braces. Where that fails, goes silent for good in this process."""
    if me.silent:
        return
    here()
    if me.waits:
        me.settle()
    name = me.id or identify()
    line = '{"e":"%s","t":%.3f,"id":"%s",%s}\n' % (kind, me.now() * 1000, name, fields)
    append('%s/events/%s.ndjson' % (me.run, name), line.encode())


def here():
    """Looks whether this is still the process that the probe knows: C code may have forked without telling Python."""
    if me.pid and _getpid() != me.pid:
        me.forked_unseen()


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
    me.pid = _getpid()
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
    return '%d%s.%s' % (pid, me.space, start or 'm%d' % (me.now() * 1000))


def stat_of(pid):
    """
    Pid and start time in clock ticks since boot of a process, as bytes and text (fields 1 and 22, proc_pid_stat(5));
    empty if unknown.
    """
    try:
        stat = read('/proc/%s/stat' % pid, 512)
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
        here()
        return me.id or identify()
    return me.children.get(pid) or with_start(pid)


def crowd():
    """`,"threads":n` where this process has several threads, or had when it forked: the child gets the locks of all, and one of them."""
    threading = sys.modules.get('threading')
    number = len(threading._active) if threading else 1
    return ',"threads":%d' % number if number > 1 else ''


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
