"""What runs inside the workers of a Dask cluster. It goes there by value: their hosts need neither the person's code nor ours.

What a worker's threads run now stands in the `sys` module, because code that comes by value comes anew each time.
"""
import json
import os
import socket
import sys
import threading
import time

from .printed import Printed
from .results import encoder
from .tasks import caller, evaluator

# A task that runs longer than this (s) is told of, and looked for so often (ms).
worth_telling, look_every = 0.2, 200


def running():
    """{thread: (batch, position of the row in it, begin)}"""
    return sys.__dict__.setdefault('_procession_running', {})


def given_up():
    """Batches that nobody waits for any more."""
    return sys.__dict__.setdefault('_procession_given_up', set())


def run_batch(function, options, rows, batch, first):
    """Runs rows of a batch, of which the first stands at `first`: [(status, JSON, start, duration, printed)] and where that was."""
    evaluate = evaluator(caller(function, options['keywords']), encoder(options['nan']), function)
    thread, now, stopped = threading.get_ident(), running(), given_up()
    done = []
    try:
        for position, row in enumerate(json.loads(rows), first):
            if batch in stopped:
                break
            began = time.time()
            now[thread] = batch, position, began
            with Printed() as output:
                status, value, _ = evaluate(row)
            done.append((status, value, began, time.time() - began, output.text))
    finally:
        now.pop(thread, None)
    return done, os.getpid(), socket.gethostname()


def interrupt(batches):
    """Gives batches up; the threads that run them are interrupted as soon as they are back in Python code."""
    import ctypes
    given_up().update(batches)
    for thread, (batch, _, _) in list(running().items()):
        if batch in batches:
            # Code that goes on after any Exception must not go on after this.
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(SystemExit))


def still_runs(batches):
    """Whether a thread of this worker has not come out of one of the batches."""
    return any(batch in batches for batch, _, _ in list(running().values()))


def remote(key, payload, rows, batch, first):
    """What the cluster calls. The person's code comes along by value and stays in the worker, with what it keeps in globals."""
    import pickle
    import sys
    kept = sys.__dict__.setdefault('_procession_code', {})
    if key not in kept:
        kept.clear()
        kept[key] = pickle.loads(payload)
    run, function, options = kept[key]
    return run(function, options, rows, batch, first)


# Functions of this module name are sent by value without being asked for; others would be looked for on the host.
remote.__module__ = '__main__'


def reporter(topic):
    """A plugin that reports each worker of the cluster, also those that join later, and the long tasks in it, over the cluster's own channel."""
    from distributed import WorkerPlugin

    class Report(WorkerPlugin):
        name = topic

        def setup(self, worker):
            from tornado.ioloop import PeriodicCallback
            start = None
            try:
                with open('/proc/self/stat') as stat:
                    start = stat.read().rpartition(')')[2].split()[19]
            except OSError:
                pass
            told = []

            def tell():
                now = time.time()
                tasks = [[batch, position, now - began] for batch, position, began in list(running().values()) if now - began > worth_telling]
                names = [task[:2] for task in tasks]
                if names != told:
                    told[:] = names
                    worker.log_event(topic, {'address': worker.address, 'running': tasks})

            worker.log_event(topic, {'pid': os.getpid(), 'start': start, 'host': socket.gethostname(), 'name': str(worker.name), 'address': worker.address})
            self.callback = PeriodicCallback(tell, look_every)
            self.callback.start()

        def teardown(self, worker):
            self.callback.stop()
    return Report()
