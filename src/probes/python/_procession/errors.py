"""
The `error` event. The text is made here: `import traceback` would cost 7 ms, and might find a file of the program's by
that name.
"""
from .journal import emit, me
from .texts import render

MAX_FRAMES = 40
MAX_TEXT = 16384


def report(error):
    """Emits the `error` event for an uncaught exception, once."""
    if me.error:
        return
    me.error = True
    kind = type(error)
    emit('error', render({'type': name_of(kind), 'message': message_of(error)[:4096],
                          'traceback': chain(error)[-MAX_TEXT:]}))


def name_of(kind):
    module = kind.__module__
    return kind.__qualname__ if module in ('builtins', '__main__') else '%s.%s' % (module, kind.__qualname__)


def message_of(error):
    try:
        return str(error)
    except Exception:
        return '<exception str() failed>'


def chain(error, depth=0, seen=()):
    """The text of an exception with those that led to it, in the order that Python prints."""
    before = ''
    if depth < 8 and id(error) not in seen:
        seen = seen + (id(error),)
        if error.__cause__ is not None:
            before = chain(error.__cause__, depth + 1, seen) + (
                '\nThe above exception was the direct cause of the following exception:\n\n')
        elif error.__context__ is not None and not error.__suppress_context__:
            before = chain(error.__context__, depth + 1, seen) + (
                '\nDuring handling of the above exception, another exception occurred:\n\n')
    message = message_of(error)
    last = '%s: %s\n' % (name_of(type(error)), message) if message else name_of(type(error)) + '\n'
    if error.__traceback__ is None:
        return before + last
    return before + 'Traceback (most recent call last):\n' + ''.join(frames(error.__traceback__)) + last


def frames(trace):
    lines = []
    while trace is not None:
        code = trace.tb_frame.f_code
        lines.append((code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    if len(lines) > MAX_FRAMES:
        half = MAX_FRAMES // 2
        omitted = ['  [%d more frames]\n' % (len(lines) - MAX_FRAMES)]
        return list(map(entry, lines[:half])) + omitted + list(map(entry, lines[-half:]))
    return list(map(entry, lines))


def entry(line):
    filename, number, name = line
    text = source(filename, number)
    return '  File "%s", line %d, in %s\n' % (filename, number, name) + ('    %s\n' % text if text else '')


def source(filename, number):
    if filename.startswith('<') or not number:
        return ''
    try:
        with open(filename, encoding='utf-8', errors='replace') as file:
            for at, line in enumerate(file, 1):
                if at == number:
                    return line.strip()[:500]
    except OSError:
        pass
    return ''
