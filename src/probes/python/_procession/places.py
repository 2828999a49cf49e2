"""Where in the user's source something is: call sites, targets; and bounded texts of arguments."""
import os
import posix
import sys

from .hooks import PROBE, is_library
from .texts import dump

MAX_TEXT = 400
MAX_FILES = 4096
PROGRAM, PACKAGE, LIBRARY, OURS = 1, 2, 3, 4
owners = {}  # file name -> one of these
sites = {}  # (file name, line, function) -> JSON
THREADING = '/threading.py'  # whose functions call, and are not called
CLASSES = {'process.py': 'Process', 'subprocess.py': 'Popen', 'pool.py': 'Pool', 'managers.py': 'Manager'}
Function = type(lambda: None)
Method = type(Function.__get__(lambda: None, 0))
lineage = type.__dict__['__mro__'].__get__  # past what a metaclass may make of these
name_of = type.__dict__['__name__'].__get__


def caller(frame):
    """
    Who called: `(frame, entry)`. The innermost frame of the program, or of a package where no program is above, or None;
    `entry` is the code of the standard library's function that was called there, None for the hooked function itself.
    """
    entry = nearest = None
    while frame is not None:
        code = frame.f_code
        owner = owners.get(code.co_filename) or owner_of(code.co_filename)
        if owner == PROGRAM:
            return frame, entry
        if nearest is None:
            if owner == PACKAGE:
                nearest = frame
            elif owner == LIBRARY and is_a_call(code):
                entry = code
        frame = frame.f_back
    return nearest, entry


def is_a_call(code):
    """Whether a person would name this function of the standard library: not `Pool.__exit__`, nor `Thread._bootstrap`."""
    return not code.co_name.startswith(('_', '<')) and not code.co_filename.endswith(THREADING)


def call(frame):
    """`(site, via)` of a call: where it stands, and the name of the standard library's function that is called, or ''."""
    frame, entry = caller(frame)
    site = None if frame is None else place(frame.f_code, frame.f_lineno)
    return site, '' if entry is None else qualified(entry)


def site(frame):
    """`,"site":…` for the place of a call, or ''. Remembered, for the loops that create processes."""
    frame = caller(frame)[0]
    if frame is None:
        return ''
    key = frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name
    text = sites.get(key)
    if text is None:
        text = ',"site":' + dump(place(frame.f_code, frame.f_lineno))
        if len(sites) < MAX_FILES:
            sites[key] = text
    return text


def owner_of(filename):
    """Whose a source file is. Remembered, because every call site asks for a stack of them."""
    owner = PROGRAM
    if filename.startswith(PROBE):
        owner = OURS
    elif is_library(filename):
        owner = LIBRARY
    elif '/site-packages/' in filename or '/dist-packages/' in filename:
        owner = PACKAGE
    if len(owners) < MAX_FILES:
        owners[filename] = owner
    return owner


def qualified(code):
    name = getattr(code, 'co_qualname', None)  # 3.11
    if name is None:
        owner = CLASSES.get(code.co_filename.rpartition('/')[2])
        name = owner + '.' + code.co_name if owner else code.co_name
    return name.replace('BaseProcess.', 'Process.')


def place(code, line):
    name = getattr(code, 'co_qualname', code.co_name)
    filename = code.co_filename
    if not filename.startswith('<'):
        filename = absolute(filename)
    site = {'file': filename, 'line': line or code.co_firstlineno}
    if name != '<module>':
        site['function'] = name
    return site


def absolute(filename):
    try:
        if '.' in filename.split('/')[:-1] or '..' in filename:
            return os.path.abspath(filename)
        return filename if filename.startswith('/') else '%s/%s' % (posix.getcwd(), filename)
    except OSError:
        return filename  # the current directory is gone


def target(function):
    """The place of the function that a callable ends up in; its bare name if it has no Python source; None if unknown."""
    for _ in range(8):
        kind = type(function)
        if kind is Function:
            site = place(function.__code__, 0)
            site['function'] = function.__qualname__
            return site
        if kind is Method:
            function = function.__func__
        elif kind is getattr(sys.modules.get('functools'), 'partial', None):
            function = function.func
        else:
            owners = [base for base in lineage(kind) if '__call__' in vars(base)]
            function = vars(owners[0])['__call__'] if owners else None
    return None


def arguments(args, kwargs):
    """The arguments of a call as text. No `__repr__` of the program is run: other objects show as their type."""
    parts = [brief(value) for value in args[:20]] if type(args) in (tuple, list) else []
    if type(kwargs) is dict:
        parts += ['%s=%s' % (key, brief(value)) for key, value in list(kwargs.items())[:20]]
    return shorten(', '.join(parts)) or None


def shorten(text, size=MAX_TEXT):
    return text if len(text) <= size else text[:size - 1] + '…'


def brief(value, depth=3):
    kind = type(value)
    if kind in (str, bytes):
        return repr(value) if len(value) <= 80 else repr(value[:79]) + '…'
    if kind is int:
        return repr(value) if value.bit_length() < 512 else '<int>'
    if value is None or value is Ellipsis or kind in (bool, float, complex):
        return repr(value)
    if kind in (list, tuple, set, frozenset, dict):
        return container(value, kind, depth)
    if kind is Function:
        return value.__qualname__
    if issubclass(kind, type):
        return name_of(value)
    return '<%s>' % name_of(kind)


def container(value, kind, depth):
    if depth == 0:
        return '<%s>' % kind.__name__
    items = list(value.items() if kind is dict else value)
    if kind is dict:
        parts = ['%s: %s' % (brief(key, depth - 1), brief(item, depth - 1)) for key, item in items[:10]]
    else:
        parts = [brief(item, depth - 1) for item in items[:10]]
    if len(items) > 10:
        parts.append('…')
    inside = ', '.join(parts)
    if kind is tuple:
        return '(%s,)' % inside if len(items) == 1 else '(%s)' % inside
    if kind is list:
        return '[%s]' % inside
    if kind is frozenset or not items and kind is set:
        return '%s({%s})' % (kind.__name__, inside) if items else kind.__name__ + '()'
    return '{%s}' % inside
