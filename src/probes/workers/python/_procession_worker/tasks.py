"""How one row is run: in this process, in a fork of it, or as a command."""
import json
import os
import sys

from .failures import ended, failure_of


def caller(function, keywords):
    """How a row becomes a call: a list is positional arguments, a dictionary keywords where that is asked for."""
    import inspect
    if inspect.iscoroutinefunction(function):
        import asyncio
        coroutine = function

        def function(*args, **named):
            return asyncio.run(coroutine(*args, **named))

    def call(row):
        if type(row) is list:
            return function(*row)
        if keywords and type(row) is dict:
            return function(**row)
        return function(row)
    return call


def evaluator(call, encode, function):
    """One task: (status, JSON, no facts). Nothing that the user's code raises comes through."""
    def evaluate(row):
        try:
            return 0, encode(call(row)), '-'
        except BaseException as error:
            return 1, failure_of(error, function), '-'
    return evaluate


def facts_of(pid, usage):
    # ru_maxrss is in KiB on Linux and in bytes on macOS: getrusage(2) of each.
    peak = usage.ru_maxrss * (1 if sys.platform == 'darwin' else 1024)
    return '{"pid":%d,"rss":%d,"cpu":%.6f}' % (pid, peak, usage.ru_utime + usage.ru_stime)


def forked(evaluate):
    """Each task in a child of its own: its crash ends nothing else, and it leaves nothing behind."""
    import signal

    def in_child(row, writer):
        def let_go():
            # What the task forks in its turn neither holds the pipe open nor answers in its place.
            try:
                os.close(writer)
            except OSError:
                pass

        own = os.getpid()
        os.register_at_fork(after_in_child=let_go)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        status, value, _ = evaluate(row)
        if os.getpid() != own:
            return
        data = b'%d' % status + value.encode()
        data = b'%16d' % len(data) + data
        while data:
            data = data[os.write(writer, data):]
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:
                pass

    def run(row):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                in_child(row, writer)
            finally:
                os._exit(0)
        os.close(writer)
        # The length comes first, because a grandchild may hold the pipe open.
        with os.fdopen(reader, 'rb') as stream:
            head = stream.read(16)
            data = stream.read(int(head)) if len(head) == 16 else b''
        _, status, usage = os.wait4(pid, 0)
        if not data:
            return 1, ended(status), facts_of(pid, usage)
        return data[0] - 48, data[1:].decode(), facts_of(pid, usage)
    return run


def commands(output):
    """Each row is an argument list: one process a task, its standard output is the result."""
    import errno
    out = os.open(output, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    actions = [(os.POSIX_SPAWN_DUP2, out, 1)]
    reasons = {errno.ENOENT: 'is not found', errno.EACCES: 'may not be executed'}
    position = os.lseek(out, 0, os.SEEK_END)

    def reason(error):
        if isinstance(error, UnicodeEncodeError):
            return 'could not be started: an argument holds half a character (a lone surrogate), which can\'t be encoded. Correct the row'
        if isinstance(error, ValueError):
            return 'could not be started: an argument holds a zero byte, which ends arguments. Take it out of the row'
        return reasons.get(error.errno, 'could not be started (%s)' % error.strerror)

    def run(argv):
        nonlocal position
        try:
            pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions, setsigdef=defaults)
        except (OSError, ValueError) as error:
            return 1, json.dumps({'type': 'NotStarted', 'message': '%s %s' % (argv[0], reason(error))}), '-'
        _, status, usage = os.wait4(pid, 0)
        start, position = position, os.lseek(out, 0, os.SEEK_END)
        facts = facts_of(pid, usage)
        if position > start:
            facts = '%s,"out":[%d,%d]}' % (facts[:-1], start, position)
        if status:
            return 1, ended(status), facts
        kept = os.pread(out, min(position - start, 65536), start) if position > start else b''
        return 0, json.dumps(kept.decode('utf-8', 'replace').rstrip('\n')), facts

    # Python ignores SIGPIPE and SIGXFSZ, which exec would hand on.
    import signal
    defaults = [signal.SIGPIPE, signal.SIGXFSZ]
    return run
