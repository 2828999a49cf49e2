"""
The journal of this process: who it is, and the events it appends to `<run>/events/<pid>.<start>.ndjson`.

No descriptor, lock or thread is kept: an event is open, append, close, so that it survives fork, SIGKILL and
`os.closerange`, and nothing of it is to be seen in the program.
"""
import posix
import sys
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
    argv = '[]'
    method = ''  # how this process came to be, where it is a forked child
    silent = False
    error = False  # an uncaught exception has been reported
    children = {}  # pid -> ref of children that were not reaped yet


me = Member()
_clock = time.time
_getpid = posix.getpid


def start_of(pid):
    """The start time of a process in clock ticks since boot, as text (field 22, proc_pid_stat(5)); '' if unknown."""
    try:
        fd = posix.open('/proc/%s/stat' % pid, READ)
        try:
            stat = posix.read(fd, 1024)
        finally:
            posix.close(fd)
        return stat[stat.rindex(b')') + 2:].split(b' ', 20)[19].decode()
    except (OSError, ValueError, IndexError):
        return ''


def read(path, size):
    """The first bytes of a small file."""
    fd = posix.open(path, READ)
    try:
        return posix.read(fd, size)
    finally:
        posix.close(fd)


def identify():
    """Sets `me.id` to this process's own."""
    me.id = '%d.%s' % (_getpid(), start_of('self') or 'm%d' % (_clock() * 1000))
    return me.id


def refer(pid):
    """The best reference to a process by its pid alone."""
    if pid == _getpid():
        return me.id or identify()
    return me.children.get(pid) or with_start(pid)


def with_start(pid):
    start = start_of(pid)
    return '%d.%s' % (pid, start) if start else '%d' % pid


def created(pid):
    """Remembers a new child until it is reaped and returns its reference."""
    child = with_start(pid)
    if len(me.children) < MAX_CHILDREN:
        me.children[pid] = child
    return child


def emit(kind, fields):
    """Appends one event with these fields, of which those that are None are left out, or with their JSON text."""
    if me.silent:
        return
    if type(fields) is not str:
        fields = render(fields)
    name = me.id or identify()
    line = '{"e":"%s","t":%.3f,"id":"%s",%s}\n' % (kind, _clock() * 1000, name, fields)
    append('%s/events/%s.ndjson' % (me.run, name), line.encode('ascii'))


def append(path, data):
    """Appends to a file of ours. Where that fails, the probe goes silent for good in this process."""
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


def render(fields):
    """The JSON of a dict without its braces."""
    return ','.join(['"%s":%s' % (key, dump(value)) for key, value in fields.items() if value is not None])


class Raw(str):
    """Text that is JSON already."""

    __slots__ = ()


NULL = Raw('null')


def dump(value):
    """JSON in pure ASCII. The standard library's `json` would cost more to import than the whole probe."""
    kind = type(value)
    if kind is str:
        return quote(value)
    if kind is int or kind is Raw:
        return str(value)
    if kind is bool:
        return 'true' if value else 'false'
    if kind is float:
        return '%.6f' % value if -1e15 < value < 1e15 else 'null'
    if kind is dict:
        return '{%s}' % ','.join(['%s:%s' % (quote(k), dump(v)) for k, v in value.items() if v is not None])
    if kind is list or kind is tuple:
        return '[%s]' % ','.join([dump(item) for item in value])
    return 'null'


def quote(text):
    if text.isascii() and text.isprintable() and '"' not in text and '\\' not in text:
        return '"%s"' % text
    return '"%s"' % ''.join([escape(char) for char in text])


def escape(char):
    code = ord(char)
    if char in '"\\':
        return '\\' + char
    if 32 <= code < 127:
        return char
    if code > 0xFFFF:
        code -= 0x10000
        return '\\u%04x\\u%04x' % (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF))
    return '\\u%04x' % code


def text(value):
    """A command's word as text, whatever the program passed: str, bytes or a path."""
    if type(value) is str:
        return value
    if type(value) is bytes:
        return value.decode(sys.getfilesystemencoding(), 'surrogateescape')
    fspath = getattr(type(value), '__fspath__', None)
    return text(fspath(value)) if fspath else '<%s>' % type(value).__name__


def words(argv):
    """A command line as a list of text, bounded; None if it is not one."""
    if isinstance(argv, (str, bytes)) or hasattr(type(argv), '__fspath__'):
        argv = [argv]
    if not isinstance(argv, (list, tuple)):
        return None
    return [text(word)[:4096] for word in argv[:256]]


def command_line():
    """This process's whole command line, interpreter included."""
    original = getattr(sys, 'orig_argv', None)
    if original is not None:
        return words(original)
    try:
        return words(read('/proc/self/cmdline', 1 << 16).split(b'\0')[:-1])
    except OSError:
        return words([sys.executable] + list(getattr(sys, 'argv', [])))
