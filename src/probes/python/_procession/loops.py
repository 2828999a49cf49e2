"""uvloop and gevent, which make and reap processes in C."""
import os
import sys

from . import environment, places, signals, unraised, waits
from .hooks import quietly, traceless, without_our_frames
from .journal import bare, created, emit, me, refer
from .texts import command_line_of, dump, render, words


MAX_ASKED = 64
asked = []  # command lines for which uvloop was called


def made():
    """
    After a fork in this process. A child that uvloop has made has executed its program by now, and may have ended already;
    others tell of themselves.
    """
    for pid, child in waits.meet_children():
        argv = command_line_of(pid) or (asked[-1] if asked else [])
        if not argv or dump(argv) == me.argv:
            continue
        if argv in asked:
            asked.remove(argv)
        site = places.call(sys._getframe())[0]
        emit('spawn', render({'child': child, 'method': 'subprocess', 'argv': argv, 'site': site}))


class Watched(dict):
    """`gevent.os._watched_children`: pid -> watcher, or (pid, status, time) when it has ended."""

    def __setitem__(self, pid, value):
        dict.__setitem__(self, pid, value)
        if type(value) is tuple:
            quietly(waits.reaped, pid, value[1])
        elif pid not in me.children:
            quietly(created, pid)


def observe_gevent(module):
    module._watched_children = Watched(module._watched_children)


def observe_uvloop(module):
    for name in ('subprocess_exec', 'subprocess_shell'):
        method(module.Loop, name, before_subprocess)
    os.register_at_fork(after_in_parent=lambda: unraised(made))
    import asyncio.subprocess
    for name in ('send_signal', 'terminate', 'kill'):
        method(asyncio.subprocess.Process, name, before_signal)


def method(kind, name, before):
    """Calls `before(name, args, kwargs)`, which may give other arguments, before a method that does not wait."""
    real = getattr(kind, name)

    @traceless
    def call(*args, **kwargs):
        try:
            args = quietly(before, name, args, kwargs) or args
            return real(*args, **kwargs)
        except BaseException as error:
            trace = without_our_frames(error)
            trace, error, type(error)
            raise

    call.__name__, call.__doc__ = name, real.__doc__
    call.__qualname__, call.__module__ = getattr(real, '__qualname__', name), getattr(real, '__module__', None)
    setattr(kind, name, call)


def before_subprocess(name, args, kwargs):
    """`name` gives a coroutine, in which the process is made."""
    if kwargs.get('env') is not None:
        kwargs['env'] = environment.carried(kwargs['env'])
    loop, factory, *others = args
    asked.append(words(others if name == 'subprocess_exec' else ['/bin/sh', '-c', *others]))
    del asked[:-MAX_ASKED]

    def protocol_factory():
        protocol = factory()
        quietly(watch, protocol)
        return protocol

    return (loop, protocol_factory, *others)


def watch(protocol):
    """The protocol hears of its process's transport, and of the end. What it hears by goes when it has."""
    exited = Exited(protocol)

    @traceless
    def connection_made(transport):
        del protocol.connection_made
        exited.transport = transport
        try:
            return protocol.connection_made(transport)
        except BaseException as error:
            trace = without_our_frames(error)
            trace, error, type(error)
            raise

    protocol.connection_made, protocol.process_exited = connection_made, exited


class Exited:
    transport = None

    def __init__(self, protocol):
        self.protocol = protocol

    @property
    def __call__(self):
        del self.protocol.process_exited
        quietly(self.tell)
        return self.protocol.process_exited

    def tell(self):
        pid = self.transport.get_pid()
        waits.ended(me.children.pop(pid, None) or bare(pid), self.transport.get_returncode())


def before_signal(name, args, kwargs):
    process = args[0]
    if process.returncode is None and type(process._transport).__module__.startswith('uvloop'):
        number = {'terminate': 15, 'kill': 9}.get(name) or args[1]
        site = places.call(sys._getframe())[0]
        emit('signal', render({'to': refer(process.pid), 'signal': signals.signal_name(number), 'via': 'Process.' + name, 'site': site}))
