"""How one row is run: in this process, in a fork of it, or as a command."""
import json
import os
import sys

from .failures import ended, failure_of, unkept
from .results import longest


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
            result = call(row)
        except BaseException as error:
            return 1, failure_of(error, function), '-'
        try:
            return 0, encode(result), '-'
        except BaseException as error:
            return 1, unkept(error, function), '-'
    return evaluate


def facts_of(pid, usage):
    # ru_maxrss is in KiB on Linux and in bytes on macOS: getrusage(2) of each.
    peak = usage.ru_maxrss * (1 if sys.platform == 'darwin' else 1024)
    return '{"pid":%d,"rss":%d,"cpu":%.6f}' % (pid, peak, usage.ru_utime + usage.ru_stime)


class Handover:
    """
    Where a forked child leaves its answer: memory that it shares with this process, and a file for what is longer. The
    child may close all descriptors that it finds, and what it forks in its turn can't hold the answer up.
    """

    def __init__(self, path):
        import mmap
        self.memory = mmap.mmap(-1, 1 << 16)
        self.path = path

    def clear(self):
        self.memory[:16] = bytes(16)

    def leave(self, data):
        fits = len(data) <= len(self.memory) - 16
        if fits:
            self.memory[16:16 + len(data)] = data
        else:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view):]
        # The length goes last.
        self.memory[:16] = b'%16d' % len(data)

    def take(self):
        """What was left, and b'' where nothing was."""
        length = int(self.memory[:16].strip(b'\0') or 0)
        if length <= len(self.memory) - 16:
            return self.memory[16:16 + length]
        with open(self.path, 'rb') as file:
            data = file.read()
        os.unlink(self.path)
        return data


def forked(evaluate, path):
    """Each task in a child of its own: its crash ends nothing else, and it leaves nothing behind."""
    import signal
    handover = Handover(path)

    def in_child(row):
        own = os.getpid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        status, value, _ = evaluate(row)
        if os.getpid() != own:
            # What the task has forked does not answer in its place.
            return
        try:
            handover.leave(b'%d' % status + value.encode())
        except OSError as error:
            handover.leave(b'1' + json.dumps({'type': 'OSError', 'message': 'the result can\'t be handed over: %s' % error}).encode())
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:
                pass

    def run(row):
        handover.clear()
        pid = os.fork()
        if pid == 0:
            try:
                in_child(row)
            finally:
                os._exit(0)
        _, status, usage = os.wait4(pid, 0)
        data = handover.take()
        if not data:
            return 1, ended(status), facts_of(pid, usage)
        return data[0] - 48, data[1:].decode(), facts_of(pid, usage)
    return run


def printed(descriptor, start, end):
    """What a command has printed, byte for byte: bytes that are no UTF-8 as halves of surrogates, as os.fsdecode has them."""
    parts = []
    while start < end:
        part = os.pread(descriptor, end - start, start)
        if not part:
            break
        parts.append(part)
        start += len(part)
    return b''.join(parts).decode('utf-8', 'surrogateescape').rstrip('\n')


def commands(output):
    """Each row is an argument list: one process a task, its standard output is the result."""
    import errno
    out = os.open(output, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    actions = [(os.POSIX_SPAWN_DUP2, out, 1)]
    reasons = {errno.ENOENT: 'is not found', errno.EACCES: 'may not be executed', errno.E2BIG: 'could not be started: its arguments are longer than the system takes. Put long texts into files, and the names of those into the rows'}
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
            # The bytes of names that are no UTF-8 come as halves of surrogates, whatever the locale says.
            words = [word.encode('utf-8', 'surrogateescape') for word in argv]
            pid = os.posix_spawnp(words[0], words, os.environ, file_actions=actions, setsigdef=defaults)
        except (OSError, ValueError) as error:
            return 1, json.dumps({'type': 'NotStarted', 'message': '%s %s' % (argv[0], reason(error))}), '-'
        _, status, usage = os.wait4(pid, 0)
        start, position = position, os.lseek(out, 0, os.SEEK_END)
        facts = facts_of(pid, usage)
        if position > start:
            facts = '%s,"out":[%d,%d]}' % (facts[:-1], start, position)
        if status:
            return 1, ended(status), facts
        if position - start > longest // 8:
            return 1, json.dumps({'type': 'TooLong', 'message': 'the command has printed %d MB, and %d MB is the most that is kept as a result. Have it write to a file' % (position - start >> 20, longest >> 23)}), facts
        return 0, json.dumps(printed(out, start, position)), facts

    # Python ignores SIGPIPE and SIGXFSZ, which exec would hand on.
    import signal
    defaults = [signal.SIGPIPE, signal.SIGXFSZ]
    return run
