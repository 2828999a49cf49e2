"""What one task prints, where many tasks share a process by threads."""
import io
import sys
import threading


class Splitter(io.TextIOBase):
    """Stands in for sys.stdout or sys.stderr: text goes to the task of the thread, or where it always went."""

    def __init__(self, other):
        self.other = other
        self.texts = {}

    def write(self, text):
        return self.texts.get(threading.get_ident(), self.other).write(text)

    def flush(self):
        self.other.flush()

    def fileno(self):
        return self.other.fileno()


class Printed:
    """Gathers what the thread prints while it is entered."""

    def __enter__(self):
        gathered = io.StringIO()
        for name in ('stdout', 'stderr'):
            stream = getattr(sys, name)
            # By name: this class is sent to the cluster by value, each time as another one.
            if type(stream).__name__ != 'Splitter':
                stream = Splitter(stream)
                setattr(sys, name, stream)
            stream.texts[threading.get_ident()] = gathered
        self.gathered = gathered
        return self

    def __exit__(self, *_):
        for stream in (sys.stdout, sys.stderr):
            getattr(stream, 'texts', {}).pop(threading.get_ident(), None)
        self.text = self.gathered.getvalue()
