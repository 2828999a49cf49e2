"""
Learns what the program imports. There is no finder of ours on `sys.meta_path`, which would be one more step of the import
system's to be traced: the list itself tells when it is gone through.
"""
import sys

from . import ending
from .hooks import is_library, later, load, quietly, traceless, without_our_frames
from .journal import me

ours = []  # the finder of our own modules
SYSTEM = sys.modules['_frozen_importlib']
FIND = SYSTEM._find_spec.__code__


class Path(list):
    """`sys.meta_path`."""

    __slots__ = ()

    @traceless
    def __iter__(self):
        try:
            return quietly(finders) or list.__iter__(self)
        except BaseException as error:
            trace = without_our_frames(error)
            trace, error, type(error)
            raise


Path.__name__ = Path.__qualname__ = 'list'
Path.__module__ = 'builtins'


def finders():
    """
    What the import system goes through in place of the list: None for most modules. One is observed when the import *after*
    it comes by (`multiprocessing.context` imports `process`, then `reduction`), or by what it will bind from another, or
    when it has been loaded.
    """
    frame = sys._getframe(3)
    if frame.f_code is not FIND:
        return None
    if ending.Main.frame is None:
        ending.remember(frame)
    name = frame.f_locals['name']
    if name.startswith(__package__ + '.'):
        return iter(ours)
    if name in BEFORE:
        BEFORE[name](name)
    elif name in AFTER and not (me.watched and name in ORIGINS):
        from . import arrivals
        return iter((arrivals,))
    return None


def observe_processes(name):
    module = sys.modules.get(name.replace('reduction', 'process'))
    if module is not None and type(module._children) is set:
        load('processes').Observer(module)


def observe_ctypes(name):
    later('lockdown', 'watch_ctypes')(sys.modules['ctypes'])


BEFORE = {
    'profile': later('watchers', 'observe_lsprof'),
    'multiprocessing.reduction': observe_processes,
    'multiprocess.reduction': observe_processes,
    'ctypes._endian': observe_ctypes,
}
NATIVE = {
    '_posixsubprocess': later('spawning', 'observe'),
    '_prctl': later('lockdown', 'watch_prctl'),
    'seccomp': later('lockdown', 'expect'),
}
AFTER = {
    'uvloop': later('loops', 'observe_uvloop'),
    'gevent.os': later('loops', 'observe_gevent'),
}
# Of less use than a program's own trace functions, which would see how these are imported.
ORIGINS = ('multiprocessing.util', 'multiprocess.util')
AFTER.update(dict.fromkeys(ORIGINS, later('origins', 'observe')))


class Executing:
    """
    `exec_module` of the loaders of native modules, which is asked for when such a module exists, and nobody has seen it yet.
    What is asked for is the loader's own.
    """

    met = set()

    def __init__(self, loader):
        self.held = {'exec_module': vars(loader)['exec_module']}
        loader.exec_module = self

    def __get__(self, loader, kind=None):
        quietly(self.meet, loader)
        return self.held['exec_module'].__get__(loader, kind)

    def meet(self, loader):
        for name in NATIVE:
            if name in sys.modules and name not in self.met:
                self.met.add(name)
                NATIVE[name](sys.modules[name])
        path = getattr(loader, 'path', None)
        if path and path not in self.met and not is_library(path):
            self.met.add(path)
            later('lockdown', 'meet_extension')(loader.name, path)


def install(finder):
    ours.append(finder)
    sys.meta_path = Path(sys.meta_path)
    Executing(SYSTEM.BuiltinImporter)
    Executing(sys.modules['_frozen_importlib_external'].ExtensionFileLoader)
    for name in BEFORE:
        if name in sys.modules:
            quietly(BEFORE[name], name)
