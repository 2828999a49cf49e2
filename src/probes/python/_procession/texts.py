"""JSON and command lines as text. The standard library's `json` would cost more to import than the whole probe."""
import sys

from .journal import read

ESCAPES = {code: '\\u%04x' % code for code in range(32)}
ESCAPES.update({ord('"'): '\\"', ord('\\'): '\\\\', 127: '\\u007f'})


def render(fields):
    """The JSON of a dict without its braces."""
    return ','.join(['"%s":%s' % (key, dump(value)) for key, value in fields.items() if value is not None])


def dump(value):
    """JSON in pure ASCII, for any text."""
    kind = type(value)
    if kind is str:
        return quote(value)
    if kind is int:
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
    if text.isascii():
        if not text.isprintable() or '"' in text or '\\' in text:
            text = text.translate(ESCAPES)
        return '"%s"' % text
    return '"%s"' % ''.join([escape(char) for char in text])


def escape(char):
    code = ord(char)
    if code < 128:
        return ESCAPES.get(code, char)
    if code > 0xFFFF:
        code -= 0x10000
        return '\\u%04x\\u%04x' % (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF))
    return '\\u%04x' % code


def text(value):
    """
    A command's word as text, whatever the program passed: str, bytes or a path. Bytes that are no UTF-8 are lone surrogates
    (PEP 383), whatever the program's own encoding is.
    """
    if type(value) is str:
        return value if value.isascii() else text(value.encode(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()))
    if type(value) is bytes:
        return value.decode('utf-8', 'surrogateescape')
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
    if original:  # empty in a program that embeds Python
        return words(original)
    try:
        return command_line_of('self')
    except OSError:
        return words([sys.executable] + list(getattr(sys, 'argv', [])))


def command_line_of(pid):
    return words(read('/proc/%s/cmdline' % pid, 1 << 16).split(b'\0')[:-1])
