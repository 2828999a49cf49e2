"""What is told of an exception or of a child's end: JSON with type, message, file, line and traceback."""
import json
import os
import sys

ours = os.path.dirname(__file__)


def is_ours(file):
    """Frames of the worker and of the import machinery, which tell the person nothing."""
    return file.startswith((ours, '<frozen '))


def said(error):
    try:
        return str(error)
    except BaseException:
        return '(its message can\'t be printed)'


def frames_of(error):
    """The frames of the user's code: ours and the import machinery's are left out."""
    found = []
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not is_ours(file):
            found.append((file, trace.tb_lineno))
        trace = trace.tb_next
    return found


def place_of(error, what=''):
    """Where the user's own code stood: the innermost line outside the libraries."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno
    frames = frames_of(error)
    library = (os.path.dirname(os.__file__), sys.prefix + os.sep)
    own = [frame for frame in frames if not frame[0].startswith(library) and 'site-packages' not in frame[0]]
    return (own or frames or [(what if what.endswith('.py') else None, None)])[-1]


def text_of(error):
    """The traceback without our own frames."""
    import traceback
    try:
        trace = error.__traceback__
        while trace is not None and is_ours(trace.tb_frame.f_code.co_filename):
            trace = trace.tb_next
        text = ''.join(traceback.format_exception(type(error), error, trace))
    except BaseException:
        text = '%s: (the traceback can\'t be printed)' % type(error).__name__
    return text if len(text) <= 16384 else text[:8192] + '\n…\n' + text[-8192:]


def failure_of(error, function=None):
    """An exception as JSON."""
    file, line = place_of(error)
    kind, message = type(error).__name__, said(error)
    if isinstance(error, SystemExit):
        message = 'the task ended its program (sys.exit(%s))' % (message or 'None')
    if not frames_of(error) and function is not None:
        file, line = definition_of(function)
    if len(message) > 4096:
        message = message[:4096] + '…'
    return json.dumps({'type': kind, 'message': message, 'file': file, 'line': line, 'traceback': text_of(error)})


def definition_of(function):
    """Where a function is defined; of what wraps others by functools, the innermost. None for what is not written in Python."""
    import inspect
    try:
        inner = inspect.unwrap(function)
    except ValueError:
        inner = function
    inner = getattr(inner, 'func', inner)
    code = getattr(inner, '__code__', None) or getattr(getattr(type(inner), '__call__', None), '__code__', None)
    return (code.co_filename, code.co_firstlineno) if code else (None, None)


def unkept(error, function):
    """What is told of a result that can't be kept: the task's function is the place, not what has tried to write it."""
    file, line = definition_of(function)
    kind = 'TypeError' if type(error).__name__ == 'Unkept' else type(error).__name__
    return json.dumps({'type': kind, 'message': said(error)[:4096], 'file': file, 'line': line, 'traceback': '%s: %s' % (kind, said(error)[:4096])})


def ended(status):
    """Why a child that said nothing ended, as JSON, from its wait status."""
    import signal
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = 'signal %d' % number
        return json.dumps({'type': 'Killed', 'message': 'killed by %s' % name, 'signal': name})
    code = os.WEXITSTATUS(status)
    return json.dumps({'type': 'Exited', 'message': 'exit code %d' % code, 'code': code})
