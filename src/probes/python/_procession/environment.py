"""
The variables by which the probes travel: hidden from the program, present for its children.

`os.environ` is a snapshot that Python takes of the C environment. The variables are taken out of the snapshot only, so
whatever inherits the environment (exec, `os.system`, multiprocessing) inherits them without help. They are put back where
the program passes an environment of its own, and where it sets one of the variables itself.
"""
import os
import posix

from .hooks import builtin
from .journal import emit, me

KEYS = (b'PROCESSION', b'PYTHONPATH', b'NODE_OPTIONS')
WORKER = b'PYTEST_XDIST_WORKER'  # set by each worker of pytest-xdist in itself: gw0, gw1, ...


class Ours:
    """The probe's part of each variable, as bytes. A user's own value follows after the separator."""

    boot = b''
    node = b''


def hide(boot):
    """Takes our part out of `os.environ`, leaving what the program would see without us."""
    Ours.boot = os.fsencode(boot)
    probes = os.path.dirname(os.path.dirname(boot))
    Ours.node = os.fsencode('--require "%s/node/probe.cjs"' % probes.replace('\\', '\\\\').replace('"', '\\"'))
    strip(os.environ._data)


def withdraw():
    """Takes our part out of the C environment, too: whatever this process executes is not observed."""
    for key in KEYS:
        value = os.environ._data.get(key)
        unset(key) if value is None else put(key, value)


def strip(data):
    data.pop(b'PROCESSION', None)
    for key, ours, separator in ((b'PYTHONPATH', Ours.boot, b':'), (b'NODE_OPTIONS', Ours.node, b' ')):
        value = data.get(key)
        if value is None:
            continue
        if value == ours:
            del data[key]
        elif value.startswith(ours + separator):
            data[key] = value[len(ours) + 1:]
        elif value.endswith(separator + ours):
            data[key] = value[:-len(ours) - 1]
        elif separator + ours + separator in value:
            data[key] = value.replace(ours + separator, b'', 1)


def mark(ancestor):
    """The value of PROCESSION for children of `ancestor`."""
    return b'1|' + ancestor.encode() + me.tail


def announce(ancestor):
    """Makes `ancestor` the nearest observed ancestor of whatever inherits this process's environment."""
    put(b'PROCESSION', mark(ancestor))


def with_ours(key, value):
    """What a child must get for the variable `key` if the program wants it to get `value` (None: to lack it)."""
    if key == b'PROCESSION':
        return mark(me.id)
    ours, separator = (Ours.boot, b':') if key == b'PYTHONPATH' else (Ours.node, b' ')
    if value is None:
        return ours
    if value == ours or value.startswith(ours + separator):
        return value
    return ours + separator + value


def carried(env, ancestor=None):
    """A copy of an environment that the program passes on, with our variables in it."""
    copy = {key: env[key] for key in env.keys()}
    for key in KEYS:
        given = key if key in copy else key.decode()
        value = copy.get(given)
        copy[given] = with_ours(key, None if value is None else octets(value))
    if ancestor:
        copy['PROCESSION'] = mark(ancestor)
        copy.pop(b'PROCESSION', None)
    return copy


def before_putenv(args, kwargs):
    key = octets(args[0])
    if key == WORKER:
        named(os.fsdecode(args[1]))
    return ((key, with_ours(key, octets(args[1]))), None) if key in KEYS else None


def octets(text):
    return text if type(text) is bytes else os.fsencode(text)


def named(worker):
    from .texts import quote
    me.named = True
    emit('self', '"role":"worker","name":' + quote(worker))


def after_unsetenv(result, args, note):
    key = octets(args[0])
    if key in KEYS:
        put(key, with_ours(key, None))


def after_clear(result, args, note):
    for key in KEYS:
        put(key, with_ours(key, None))


def after_reload(result, args, note):
    strip(os.environ._data)


def install():
    builtin(os, 'putenv', before=before_putenv)
    builtin(os, 'unsetenv', after=after_unsetenv)
    builtin(os, 'reload_environ', after=after_reload)  # 3.14
    builtin(os, '_clearenv', after=after_clear)  # 3.15: os.environ.clear()
    for environ in (os.environ, os.environb):
        if hasattr(environ, 'putenv'):  # 3.8 binds them to the mapping
            environ.putenv, environ.unsetenv = os.putenv, os.unsetenv


put, unset = posix.putenv, posix.unsetenv
