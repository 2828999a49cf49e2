"""The runner's pipes and the log, out of reach of what the user's code does to descriptors."""
import contextlib
import errno
import io
import os
import sys

# Where descriptors are put aside: not above the first, and there are so many.
highest, room = 65536, 16


class Lost(Exception):
    """The user's code has closed the runner's pipes."""


def aside(descriptor):
    """
    Moves a descriptor to a number that neither a loop up to the limit of open files meets nor a newly opened file gets:
    above the limit where it may be raised for the moment, else the highest below it.
    """
    try:
        import fcntl
        import resource
    except ImportError:
        # Windows.
        return descriptor
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # The kernel's table of descriptors is as long as the highest number, 8 bytes each.
    least = highest if soft == resource.RLIM_INFINITY else min(soft, highest)
    try:
        if least == soft:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft + room, hard))
        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, least)
    except (ValueError, OSError):
        try:
            moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, max(3, least - room))
        except OSError:
            return descriptor
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    os.close(descriptor)
    return moved


@contextlib.contextmanager
def lost():
    try:
        yield
    except OSError as error:
        if error.errno != errno.EBADF:
            raise
        raise Lost


def is_open(descriptor):
    try:
        os.fstat(descriptor)
        return True
    except OSError:
        return False


class Pipes:
    """Descriptors 0, 1 and 2 are /dev/null and the log for the user's code; the runner's pipes are put aside."""

    def __init__(self):
        self.requests = os.fdopen(aside(os.dup(0)), 'rb', 1 << 16)
        self.answers = aside(os.dup(1))
        self.path = self.log = self.identity = None
        self.open_null()

    def open_null(self):
        null = os.open(os.devnull, os.O_RDONLY)
        if null != 0:
            os.dup2(null, 0)
            os.close(null)

    def log_to(self, path):
        self.path = path
        self.open_log()
        os.dup2(self.log, 1)
        os.dup2(self.log, 2)

    def open_log(self):
        self.log = aside(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
        self.identity = self.identity_of(self.log)

    def identity_of(self, descriptor):
        found = os.fstat(descriptor)
        return found.st_dev, found.st_ino

    def send(self, data):
        data = memoryview(data)
        with lost():
            while data:
                data = data[os.write(self.answers, data):]

    def batches(self):
        """The lines that the runner writes, until it closes the pipe or is gone."""
        while True:
            with lost():
                line = self.requests.readline()
            if not line:
                return
            yield line

    def end_of_log(self, end):
        """The log's end, where descriptor 1 ends at `end` (None: it can't tell): it may have been closed, or be another file."""
        try:
            if end is not None and self.identity_of(1) == self.identity:
                return end
        except OSError:
            pass
        self.mend()
        return os.lseek(self.log, 0, 2)

    def mend(self):
        """Opens again what tasks have closed, so that what the next one prints is found and gets into no file of theirs."""
        if not is_open(self.log):
            self.open_log()
        if not is_open(0):
            self.open_null()
        for number in (1, 2):
            if not is_open(number):
                os.dup2(self.log, number)
        for name, number in (('stdout', 1), ('stderr', 2)):
            own = getattr(sys, '__%s__' % name)
            if own is not None and own.closed:
                stream = io.TextIOWrapper(io.FileIO(number, 'w', closefd=False), encoding=own.encoding, errors='backslashreplace', write_through=True)
                if getattr(sys, name) is own:
                    setattr(sys, name, stream)
                setattr(sys, '__%s__' % name, stream)
