"""
Lets debugpy into this process, and keeps the one out that a fork has brought along.
"""
import os
import sys

OLDEST = (1, 6)
SILENCE = b'PYDEVD_DISABLE_FILE_VALIDATION'  # else pydevd writes about frozen modules to the program's stderr


def attach(host, port, fallback='', follow=''):
    """
    Connects this process to a debug adapter that listens at `host:port`, without waiting for its client. `fallback` is a
    directory with a debugpy in it, for interpreters that have none. `follow`, if not empty: the adapter is to hear of children.
    """
    silence = os.environ._data.setdefault(SILENCE, b'1')
    try:
        debugpy = find(fallback)
        from debugpy.server import api
        import pydevd
    finally:
        if silence == b'1':
            os.environ._data.pop(SILENCE)
    version = getattr(debugpy, '__version__', '0')
    if tuple(int(part) for part in version.split('.')[:2] if part.isdigit()) < OLDEST:
        return {'error': 'debugpy %s is too old' % version, 'kind': 'old'}
    if pydevd.get_global_debugger() is not None:
        return {'error': 'a debugger is attached already', 'kind': 'attached'}
    # What `debugpy.connect` does, but for waiting until the client is ready: this process goes on meanwhile.
    connect = api._starts_debugging(
        lambda address, settings: api._settrace(host=address[0], port=address[1], wait_for_ready_to_run=False, **settings))
    debugpy.configure(subProcess=bool(follow))
    connect((host, int(port)))
    return {'debugpy': version}


def find(fallback):
    try:
        import debugpy
    except ImportError:
        if not fallback:
            raise
        sys.path.append(fallback)
        try:
            import debugpy
        finally:
            sys.path.remove(fallback)
    return debugpy


def keep_out():
    """
    In a forked child of a debugged process that does not follow its children. pydevd's trace functions are inherited, its
    threads and its debugger are not: the child would stop at the first breakpoint for ever.
    """
    try:
        forget()
    except Exception:
        pass  # a pydevd of another make


def forget():
    if hasattr(os, 'original_fork'):
        return  # pydevd follows forks itself
    import pydevd
    import pydevd_tracing
    from _pydev_bundle import pydev_monkey
    from _pydevd_bundle import pydevd_constants
    pydev_monkey._on_forked_process(setup_tracing=False)
    if getattr(pydevd_constants, 'PYDEVD_USE_SYS_MONITORING', False):
        from _pydevd_sys_monitoring import pydevd_sys_monitoring
        pydevd_sys_monitoring.stop_monitoring(all_threads=True)
    else:
        pydevd_tracing.restore_sys_set_trace_func()
        sys.settrace(None)
        pydevd.threading.settrace(None)
        frame = sys._getframe()
        while frame is not None:
            frame.f_trace = None
            frame = frame.f_back
    pydevd.SetupHolder.setup = None
    pydev_monkey.undo_patch_thread_modules()
