"""The names that frameworks give to workers which they fork without multiprocessing."""
from .journal import emit, me
from .texts import quote


def introduce(frame):
    """In a new worker of gunicorn's; `frame` is the one that has forked. The name is the title that `setproctitle` would set."""
    code = frame.f_code
    if code.co_name == 'spawn_worker' and code.co_filename.endswith('/gunicorn/arbiter.py'):
        me.named = True
        emit('self', '"role":"worker","name":' + quote('gunicorn: worker [%s]' % frame.f_locals['self'].proc_name))
