"""One worker of a workload. The runner starts it, writes batches of rows to its standard input, a JSON array a line,
and reads answers, a line a task, from its standard output. The first line in is the order; the first line out says
`{"ready": …}` or `{"refused": …}`.

Answers follow a mark, `>sequence start left`: the number of the first task, when it began, how many of its batch are
left. An answer is `status duration logEnd facts value`: status 0 done, 1 failed; logEnd the end of the log after the
task; facts JSON without spaces or `-`; value the result as JSON. Times in µs since the worker was ready; a task begins
where the one before it ended.

The mark and the answers not yet sent stand in a memory-mapped file up to a zero byte, so that the runner finds there
whatever ends this process: the task that runs is the first without an answer.
"""
import errno
import json
import os
import sys
import time

from .failures import said, text_of
from .loading import Refusal, load
from .pipes import Lost, Pipes
from .results import encoder
from .rows import one_by_one, reading
from .tasks import caller, commands, evaluator, forked


class Slot:
    """The file that outlives a crash. A line counts as soon as its first byte is there, which is written last."""

    capacity = 65536

    def __init__(self, path):
        import mmap
        self.path = path
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # All of it is written once: a write to a page for which a full disk has no room would end this process.
            os.ftruncate(descriptor, 0)
            written = 0
            while written < self.capacity:
                written += os.pwrite(descriptor, bytes(self.capacity - written), written)
            self.map = mmap.mmap(descriptor, self.capacity)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path)
        finally:
            os.close(descriptor)

    def leave(self, text):
        """Puts the last words of this process there, however long they are."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        self.map[0] = 0
        at = 1
        while at < len(text):
            at += os.pwrite(descriptor, text[at:], at)
        self.map[0] = text[0]


# Answers wait this long at most (ns), as long as tasks come to an end; what waits longer, the runner finds in the slot.
patience = 50_000_000
# After a task that took this long (µs), its descriptors are looked after; after shorter ones with the next batch.
noticeable = 1000


def serve(pipes, slot, run, base):
    """Answers batches until the runner closes the pipe or is gone. Every operation here is paid for each task."""
    from json import loads
    clock, seek = time.perf_counter_ns, os.lseek
    strayed = []
    os.register_at_fork(after_in_child=lambda: strayed.append(True))
    capacity = slot.capacity - 64
    memory = slot.map
    first = began = empty = 0

    def mark(sequence, started, left):
        nonlocal first, began, empty
        first, began = sequence, started
        text = b'>%d %d %d\n\0' % (sequence, started, left)
        memory[0] = 0
        memory[1:len(text)] = text[1:]
        memory[0] = 62
        empty = len(text) - 1
        return empty

    def send(used, more=b''):
        try:
            pipes.send(memory[:used])
            pipes.send(more)
        except Lost:
            # What was not sent is left in the slot, as answers after which no task runs.
            answers = memory[empty:used] + more
            slot.leave(b'>%d %d %d\n%s\0' % (first, began, answers.count(b'\n'), answers))
            raise

    after = known = 0
    sent = clock()
    for line in pipes.batches():
        pipes.mend()
        perform = run
        try:
            rows = loads(line)
        except Exception:
            rows = one_by_one(line)
            perform = reading(run)
        left = len(rows)
        after += left
        started = (clock() - base) // 1000
        used = mark(after - left, started, left)
        for row in rows:
            status, value, facts = perform(row)
            if strayed:
                # A child that the user's code forked has returned from it: it must not go on as a second worker.
                os._exit(0)
            clocked = clock()
            now = (clocked - base) // 1000
            try:
                end = seek(1, 0, 2)
            except OSError:
                end = None
            if end != known:
                end = known = pipes.end_of_log(end)
            took = now - started
            if took > noticeable:
                pipes.mend()
            answer = f'{status} {took} {end} {facts} {value}\n\0'.encode()
            started = now
            left -= 1
            size = used + len(answer)
            if size > capacity:
                send(used, answer[:-1])
            else:
                # The zero byte before it goes last.
                memory[used + 1:size] = answer[1:]
                memory[used] = answer[0]
                used = size - 1
                if clocked - sent <= patience:
                    continue
                send(used)
            used = mark(after - left, now, left)
            sent = clocked
        if used > empty:
            send(used)
        memory[0] = 0
        sent = clock()


def limit(order):
    """What the order allows this process: memory in bytes, the processor to stay on."""
    if order.get('memory') and order['mode'] in ('function', 'fork'):
        import resource
        # What is taken, not what is only reserved: since Linux 4.7 this limit counts private mappings too, setrlimit(2).
        kind = resource.RLIMIT_DATA if sys.platform == 'linux' else resource.RLIMIT_AS
        resource.setrlimit(kind, (order['memory'], order['memory']))
    if order.get('cpu') is not None and hasattr(os, 'sched_setaffinity'):
        os.sched_setaffinity(0, [order['cpu']])


def prepare(order):
    """The function that runs one row: row → (status, JSON, facts)."""
    if order['mode'] == 'command':
        return commands(order['output'])
    import faulthandler
    faulthandler.enable()
    function = load(order['target'], order['directory'])
    run = evaluator(caller(function, order.get('keywords')), encoder(order.get('nan') == 'null'), function)
    return forked(run, order['slot'] + '.result') if order['mode'] == 'fork' else run


def settle():
    """What the user's code prints reaches the log at once (see `-u` in the launch), so that a crash loses nothing and nobody need flush."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.reconfigure(errors='backslashreplace', write_through=True)
        except Exception:
            pass


def full(error):
    """The system's name for a disk that has no room for the worker's files; None where it is something else."""
    return errno.errorcode[error.errno] if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS) else None


def main():
    pipes = Pipes()
    first = pipes.requests.readline()
    if not first:
        return
    order = json.loads(first)
    try:
        pipes.log_to(order['log'])
        settle()
        limit(order)
        slot = Slot(order['slot'])
        if order['mode'] in ('fork', 'command'):
            import signal
            # A termination is meant for the task's own process; this one reports how that ended.
            signal.signal(signal.SIGTERM, lambda *_: None)
        del sys.path[0]
        if order['mode'] == 'dask':
            from .dask_head import lead
            return lead(pipes, order, load)
        run = prepare(order)
    except Refusal as refusal:
        pipes.send(json.dumps({'refused': refusal.facts}).encode() + b'\n')
        return
    except BaseException as error:
        pipes.send(json.dumps({'refused': {'message': 'the worker can\'t start: %s: %s' % (type(error).__name__, said(error)), 'traceback': text_of(error), 'unwritable': full(error)}}).encode() + b'\n')
        return
    ready = {'version': sys.version.split()[0], 'epoch': time.time() * 1000, 'log': os.lseek(1, 0, os.SEEK_END)}
    base = time.perf_counter_ns()
    try:
        pipes.send(json.dumps({'ready': ready}).encode() + b'\n')
        serve(pipes, slot, run, base)
    except (BrokenPipeError, ConnectionResetError, Lost):
        # The runner is gone, or out of reach: it finds in the slot what it was not sent.
        pass
