"""The finder of modules that are to be asked about when they have been loaded."""
import sys

from .hooks import quietly, traceless, without_our_frames
from .imports import AFTER


def find_spec(name, path=None, target=None):
    """The spec that the program's finders give, its loader calling the module's step when it has run the module."""
    for finder in sys.meta_path:
        find = getattr(finder, 'find_spec', None)
        spec = find and find(name, path, target)
        if spec is not None:
            if spec.loader is not None and not isinstance(spec.loader, type):
                quietly(attach, spec.loader, AFTER[name])
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
