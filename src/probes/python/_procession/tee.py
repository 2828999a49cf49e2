"""
Copies of what this process itself writes to stdout and stderr, in `<run>/out/<id>.stdout` and `.stderr`.

The innermost stream of each (the FileIO) gets a `write` of its own that does the real write and then keeps what was
written. Nothing else of the streams changes, and a forked child goes on with a file of its own.

Where a window shows what children print in the console of their root (option `r`), `<run>/out/<id>.to` tells of each write
how long it was, and at first and whenever it changes where it went: lines `1 @<device>:<inode>` and `1 <bytes>`, 2 for stderr.
"""
import posix
import sys

from .hooks import quietly, traceless, without_our_frames
from .journal import append, me

MAX_BYTES = 1 << 20


def install():
    for name in ('stdout', 'stderr'):
        stream = getattr(sys, name)
        binary = getattr(stream, 'buffer', None)
        raw = getattr(binary, 'raw', binary)  # with -u there is no BufferedWriter
        if type(raw).__name__ == 'FileIO':
            tee(raw, name)


def tee(raw, name):
    real = type(raw).write
    kept = {}  # id of the process -> bytes kept
    told = {}  # id of the process -> where its writes go

    @traceless
    def write(data, /):
        try:
            written = real(raw, data)
            if written:
                quietly(keep, data, written)
            return written
        except BaseException as error:
            trace = without_our_frames(error)
            trace, error, type(error)
            raise

    def keep(data, written, me=me, append=append, kept=kept):
        size = kept.get(me.id, 0)
        if size < MAX_BYTES and not me.silent:
            if me.id not in kept:
                kept.clear()
            part = bytes(memoryview(data).cast('B')[:min(written, MAX_BYTES - size)])
            kept[me.id] = size + len(part)
            append('%s/out/%s.%s' % (me.run, me.id, name), part)
            if 'r' in me.options:
                tell(len(part))

    def tell(length, me=me, append=append, fstat=posix.fstat):
        status = fstat(raw.fileno())
        where = b'%d @%d:%d\n' % (1 if name == 'stdout' else 2, status.st_dev, status.st_ino)
        line = b'%s %d\n' % (where[:1], length)
        if told.get(me.id) != where:
            told.clear()
            told[me.id] = where
            line = where + line
        append('%s/out/%s.to' % (me.run, me.id), line)

    raw.write = write
    if 'r' in me.options:
        quietly(tell, 0)
