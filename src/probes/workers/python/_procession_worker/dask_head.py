"""The head of a Dask engine: speaks the workers' words with the runner, for many workers at once, and hands each
batch to an existing cluster as one future.

Each line in is `<seat> <rows>`, or `<seat> -` to give up what the seat was sent. Each line out that is an answer begins
with the seat; others are JSON: `{"member": …}` a worker of the cluster, `{"gone": [address]}`, and
`{"running": {"address": …, "tasks": [[seat, sequence, start]]}}`, the long tasks that a worker of the cluster runs now.
"""
import hashlib
import json
import os
import sys
import threading
import time
from collections import deque

from . import dask_worker, failures, printed, results, tasks
from .loading import Refusal


def cluster_of(order):
    """A client of the cluster at the address, or of one on this machine."""
    from distributed import Client, LocalCluster
    address = order['address']
    if address != 'local':
        return Client(address, timeout=order.get('patience', 20), set_as_default=False)
    return Client(LocalCluster(n_workers=order['workers'], threads_per_worker=1, memory_limit=order.get('memory') or 'auto', dashboard_address=None, silence_logs=50), set_as_default=False)


class Batch:
    """Rows that were sent to the cluster as one future. `first` is the sequence number of the first of them."""

    def __init__(self, name, seat, first, rows):
        self.name, self.seat, self.first, self.rows = name, seat, first, rows
        self.future = self.result = None


class Seat:
    """The batches of one worker of the runner, whose answers go out in the order in which they came."""

    def __init__(self, number):
        self.number = number
        self.sent = self.answered = 0
        self.waiting = deque()


class Head:
    def __init__(self, pipes, client, payload, order):
        self.pipes, self.client, self.payload = pipes, client, payload
        self.is_own, self.grace = order['address'] == 'local', order['grace']
        self.key = hashlib.sha256(payload).hexdigest()
        self.topic = 'procession-%s-%d' % (os.urandom(4).hex(), os.getpid())
        self.lock, self.voice, self.suspects = threading.Lock(), threading.Lock(), threading.Lock()
        self.seats, self.batches, self.count = {}, {}, 0
        self.base = time.time()

    def tell(self, line):
        with self.voice:
            self.pipes.send(line.encode() + b'\n')

    def run(self, rows, batch, first=0):
        return self.client.submit(dask_worker.remote, self.key, self.payload, rows, batch, first, pure=False)

    def submit(self, number, text):
        if text == '-':
            return self.give_up(number)
        seat = self.seats.setdefault(number, Seat(number))
        self.count += 1
        batch = Batch('%s-%d' % (self.topic, self.count), seat, seat.sent, text)
        seat.sent += len(json.loads(text))
        with self.lock:
            seat.waiting.append(batch)
            self.batches[batch.name] = batch
        batch.future = self.run(text, batch.name)
        batch.future.add_done_callback(lambda future: self.collect(batch, future))

    def give_up(self, number):
        """Nobody waits for a seat's batches any more. A task that does not let itself be interrupted is ended with its worker where the cluster is ours."""
        with self.lock:
            seat = self.seats.pop(number, None)
            pending = list(seat.waiting) if seat else []
            for batch in pending:
                self.batches.pop(batch.name, None)
        if not pending:
            return
        names = [batch.name for batch in pending]
        self.client.run(dask_worker.interrupt, names, wait=False, on_error='ignore')
        self.client.cancel([batch.future for batch in pending], force=True)
        if self.is_own:
            timer = threading.Timer(self.grace, self.restart, [names])
            timer.daemon = True
            timer.start()

    def restart(self, names):
        busy = [address for address, runs in self.client.run(dask_worker.still_runs, names, on_error='ignore').items() if runs]
        if busy:
            self.client.restart_workers(busy, raise_for_error=False)

    def collect(self, batch, future):
        if batch.name not in self.batches or future.status == 'cancelled':
            return
        try:
            result = future.result()
        except BaseException as error:
            is_its_own = len(json.loads(batch.rows)) == 1 and type(error).__name__ != 'KilledWorker'
            result = ([lost(error)], 0, '') if is_its_own else self.one_by_one(batch)
        with self.lock:
            batch.result = result
            waiting = batch.seat.waiting
            while waiting and waiting[0].result is not None and waiting[0].name in self.batches:
                self.answer(self.batches.pop(waiting.popleft().name))

    def one_by_one(self, batch):
        """
        Which row ended a worker of the cluster is found by giving it each alone. Dask suspects all that a worker held when it
        died, so no other row that may be the one is given meanwhile, of whichever batch.
        """
        answers = []
        with self.suspects:
            for position, row in enumerate(json.loads(batch.rows)):
                if batch.name not in self.batches:
                    break
                try:
                    answers += self.run(json.dumps([row]), batch.name, position).result()[0]
                except BaseException as error:
                    answers.append(lost(error))
        return answers, 0, ''

    def answer(self, batch):
        done, pid, host = batch.result
        facts = json.dumps({'pid': pid, 'host': host}, separators=(',', ':'))
        lines = []
        for status, value, began, seconds, text in done:
            if text:
                os.write(1, text.encode('utf-8', 'backslashreplace'))
                end = os.lseek(1, 0, os.SEEK_END)
            else:
                end = 0
            lines.append('%d >%d %d 1' % (batch.seat.number, batch.seat.answered, max(0, (began - self.base) * 1e6)))
            lines.append('%d %d %d %d %s %s' % (batch.seat.number, status, seconds * 1e6, end, facts, value))
            batch.seat.answered += 1
        self.tell('\n'.join(lines))

    def heard(self, event):
        """A word of the reporter. How long a task has run counts by its worker's clock, which may be another than ours."""
        if 'pid' in event:
            return self.tell(json.dumps({'member': event}))
        found = []
        with self.lock:
            for name, position, seconds in event['running']:
                batch = self.batches.get(name)
                if batch:
                    found.append([batch.seat.number, batch.first + position, int((time.time() - seconds - self.base) * 1e6)])
        self.tell(json.dumps({'running': {'address': event['address'], 'tasks': found}}))

    def watch(self, addresses):
        """Tells which workers have left the cluster."""
        while True:
            time.sleep(1)
            try:
                now = set(self.client.nthreads())
            except Exception:
                # The client is being closed, or the scheduler has gone, which the futures tell.
                return
            if addresses - now:
                self.tell(json.dumps({'gone': sorted(addresses - now)}))
            addresses = now


def lost(error):
    """The answer of a row whose future has no result."""
    return 1, json.dumps({'type': type(error).__name__, 'message': 'the worker of the cluster ended or refused: %s' % failures.said(error)}), time.time(), 0, ''


def lead(pipes, order, load):
    """Connects, says so, and passes batches on until the runner closes the pipe."""
    try:
        import cloudpickle
        import distributed
    except ImportError:
        raise Refusal('The dask engine needs the package "distributed" in %s: pip install dask distributed.' % sys.executable)
    function = load(order['target'], order['directory'])
    # The cluster's hosts need neither the person's code nor ours: both go along by value.
    for module in (sys.modules[function.__module__], dask_worker, failures, printed, results, tasks):
        cloudpickle.register_pickle_by_value(module)
    try:
        client = cluster_of(order)
    except Exception as error:
        raise Refusal('No Dask scheduler answers at %s (%s). Start one with "dask scheduler", or use "address": "local".' % (order['address'], error))
    try:
        client.wait_for_workers(1, timeout=order.get('patience', 20))
    except Exception:
        raise Refusal('The Dask cluster at %s has no workers. Start some with "dask worker %s".' % (order['address'], order['address']))
    head = Head(pipes, client, cloudpickle.dumps((dask_worker.run_batch, function, {'keywords': order.get('keywords'), 'nan': order.get('nan') == 'null'})), order)
    client.subscribe_topic(head.topic, lambda event: head.heard(event[1]))
    threads = client.nthreads()
    pipes.send(json.dumps({'ready': {'version': distributed.__version__, 'epoch': head.base * 1000, 'log': os.lseek(1, 0, os.SEEK_END), 'slots': sum(threads.values())}}).encode() + b'\n')
    register = getattr(client, 'register_plugin', None) or client.register_worker_plugin
    register(dask_worker.reporter(head.topic))
    threading.Thread(target=head.watch, args=[set(threads)], daemon=True).start()
    for line in pipes.requests:
        number, _, text = line.decode().partition(' ')
        head.submit(int(number), text.rstrip('\n'))
    try:
        client.unregister_worker_plugin(head.topic)
    except Exception:
        # The scheduler has gone.
        pass
    client.close()
    if client.cluster is not None:
        client.cluster.close()
