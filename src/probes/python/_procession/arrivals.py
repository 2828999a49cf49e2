"""Modules that are asked about when they have been imported, and what is done about each."""
import sys

from .hooks import later, quietly, traceless, without_our_frames

STEPS = {
    'ctypes': later('lockdown', 'watch_ctypes'),
    '_prctl': later('lockdown', 'watch_prctl'),
    'seccomp': later('lockdown', 'expect'),
    'uvloop': later('loops', 'observe_uvloop'),
    'gevent.os': later('loops', 'observe_gevent'),
}


def loaded(ours, name, path, target):
    """The spec that the finders after ours give, its loader calling the module's step when it has run the module."""
    for finder in sys.meta_path:
        find = getattr(finder, 'find_spec', None)
        spec = find(name, path, target) if find is not None and finder is not ours else None
        if spec is not None:
            if spec.loader is not None and not isinstance(spec.loader, type):
                quietly(attach, spec.loader, STEPS[name])
            return spec
    return None


def attach(loader, step):
    @traceless
    def exec_module(module):
        del loader.exec_module
        try:
            loader.exec_module(module)
            quietly(step, module)
        except BaseException as error:
            trace = without_our_frames(error)
            trace, error, type(error)
            raise

    loader.exec_module = exec_module
