"""The head of a Dask engine: speaks the workers' words with the runner, for many workers at once, and hands each
batch to an existing cluster as one future. Each line in is `<worker> <rows>`, or `<worker> -` to give its batches up;
each line out that is an answer begins with the worker's number.
"""
import hashlib
import json
import os
import socket
import sys
import threading
import time
from collections import deque

from . import failures, printed, results, tasks
from .loading import Refusal
from .printed import Printed
from .results import encoder
from .tasks import caller, evaluator


def run_batch(function, keywords, rows):
    """Runs in a worker of the cluster: [(status, JSON, start, duration, printed)] and where that was."""
    evaluate = evaluator(caller(function, keywords), encoder(), function)
    done = []
    for row in json.loads(rows):
        began = time.time()
        with Printed() as output:
            status, value, _ = evaluate(row)
        done.append((status, value, began, time.time() - began, output.text))
    return done, os.getpid(), socket.gethostname()


def remote(key, payload, rows):
    """What the cluster calls. The person's code comes along by value and stays in the worker, with what it keeps in globals."""
    import pickle
    import sys
    kept = sys.__dict__.setdefault('_procession_code', {})
    if key not in kept:
        kept.clear()
        kept[key] = pickle.loads(payload)
    run, function, keywords = kept[key]
    return run(function, keywords, rows)


# Functions of this module name are sent by value without being asked for; others would be looked for on the host.
remote.__module__ = '__main__'


def cluster_of(order):
    """A client of the cluster at the address, or of one on this machine."""
    from distributed import Client, LocalCluster
    address = order['address']
    if address != 'local':
        return Client(address, timeout=order.get('patience', 20), set_as_default=False)
    return Client(LocalCluster(n_workers=order['workers'], threads_per_worker=1, dashboard_address=None, silence_logs=50), set_as_default=False)


def announcer():
    """A plugin that reports each worker of the cluster, also those that join later, over the cluster's own channel."""
    from distributed import WorkerPlugin

    class Announce(WorkerPlugin):
        name = 'procession'

        def setup(self, worker):
            import os
            import socket
            start = None
            try:
                with open('/proc/self/stat') as stat:
                    start = stat.read().rpartition(')')[2].split()[19]
            except OSError:
                pass
            worker.log_event('procession', {'pid': os.getpid(), 'start': start, 'host': socket.gethostname(), 'name': str(worker.name), 'address': worker.address})
    return Announce()


class Seat:
    """The batches of one worker of the runner, whose answers go out in the order in which they came."""

    def __init__(self):
        self.sequence = 0
        self.waiting = deque()


class Head:
    def __init__(self, pipes, client, payload):
        self.pipes, self.client, self.payload = pipes, client, payload
        self.key = hashlib.sha256(payload).hexdigest()
        self.lock = threading.Lock()
        self.seats = {}
        self.base = time.time()

    def tell(self, line):
        self.pipes.send(line.encode() + b'\n')

    def run(self, rows):
        return self.client.submit(remote, self.key, self.payload, rows, pure=False)

    def submit(self, number, text):
        seat = self.seats.setdefault(number, Seat())
        if text == '-':
            with self.lock:
                pending, self.seats[number] = seat.waiting, Seat()
            self.client.cancel([batch['future'] for batch in pending], force=True)
            return
        batch = {'rows': text, 'result': None}
        with self.lock:
            seat.waiting.append(batch)
        self.send(number, seat, batch)

    def send(self, number, seat, batch):
        batch['future'] = self.run(batch['rows'])
        batch['future'].add_done_callback(lambda future: self.collect(number, seat, batch, future))

    def collect(self, number, seat, batch, future):
        if future.status == 'cancelled':
            return
        try:
            batch['result'] = future.result()
        except BaseException as error:
            rows = json.loads(batch['rows'])
            if len(rows) > 1:
                # Which row ended the cluster's worker is found by giving it each alone.
                batch['result'] = self.one_by_one(rows)
            else:
                batch['result'] = [(1, json.dumps({'type': type(error).__name__, 'message': 'the worker of the cluster ended or refused: %s' % failures.said(error)}), time.time(), 0, '')], 0, ''
        with self.lock:
            while seat.waiting and seat.waiting[0]['result'] is not None:
                self.answer(number, seat, seat.waiting.popleft()['result'])

    def one_by_one(self, rows):
        futures = [self.run(json.dumps([row])) for row in rows]
        results = []
        for future in futures:
            try:
                done, pid, host = future.result()
                results += done
            except BaseException as error:
                results.append((1, json.dumps({'type': type(error).__name__, 'message': 'the worker of the cluster ended or refused: %s' % failures.said(error)}), time.time(), 0, ''))
        return results, 0, ''

    def answer(self, number, seat, result):
        done, pid, host = result
        facts = json.dumps({'pid': pid, 'host': host}, separators=(',', ':'))
        lines = []
        for status, value, began, seconds, printed in done:
            if printed:
                os.write(1, printed.encode('utf-8', 'backslashreplace'))
                end = os.lseek(1, 0, os.SEEK_END)
            else:
                end = 0
            lines.append('%d >%d %d 1' % (number, seat.sequence, max(0, (began - self.base) * 1e6)))
            lines.append('%d %d %d %d %s %s' % (number, status, seconds * 1e6, end, facts, value))
            seat.sequence += 1
        self.tell('\n'.join(lines))


def lead(pipes, order, load):
    """Connects, says so, and passes batches on until the runner closes the pipe."""
    try:
        import cloudpickle
        import distributed
    except ImportError:
        raise Refusal('The dask engine needs the package "distributed" in %s: pip install dask distributed.' % sys.executable)
    function = load(order['target'], order['directory'])
    # The cluster's hosts need neither the person's code nor ours: both go along by value.
    for module in (sys.modules[function.__module__], sys.modules[__name__], failures, printed, results, tasks):
        cloudpickle.register_pickle_by_value(module)
    try:
        client = cluster_of(order)
    except Exception as error:
        raise Refusal('No Dask scheduler answers at %s (%s). Start one with "dask scheduler", or use "address": "local".' % (order['address'], error))
    try:
        client.wait_for_workers(1, timeout=order.get('patience', 20))
    except Exception:
        raise Refusal('The Dask cluster at %s has no workers. Start some with "dask worker %s".' % (order['address'], order['address']))
    head = Head(pipes, client, cloudpickle.dumps((run_batch, function, order.get('keywords'))))
    client.subscribe_topic('procession', lambda event: head.tell(json.dumps({'member': event[1]})))
    slots = sum(client.nthreads().values())
    pipes.send(json.dumps({'ready': {'version': distributed.__version__, 'epoch': head.base * 1000, 'log': os.lseek(1, 0, os.SEEK_END), 'slots': slots}}).encode() + b'\n')
    register = getattr(client, 'register_plugin', None) or client.register_worker_plugin
    register(announcer())
    for line in pipes.requests:
        number, _, text = line.decode().partition(' ')
        head.submit(int(number), text.rstrip('\n'))
    client.close()
    if client.cluster is not None:
        client.cluster.close()
