"""
Copies of what this process itself writes to stdout and stderr, in `<run>/out/<id>.stdout` and `.stderr`.

The innermost stream of each (the FileIO) gets a `write` of its own that does the real write and then keeps what was
written. Nothing else of the streams changes, and a forked child goes on with a file of its own.
"""
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

    raw.write = write
