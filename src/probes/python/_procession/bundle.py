"""
Loads the probe's modules from two files of bytecode, made at first use beside the sources: one with what every process
needs, one with the rest, which is read when something of it is needed.

Importing the modules one by one would triple the probe's start-up, and compile them every time where the program sets
PYTHONDONTWRITEBYTECODE or PYTHONPYCACHEPREFIX. Each file holds `{module: (mtime, bytecode)}`.
"""
import marshal
import os
import posix
import sys
from _imp import acquire_lock, release_lock

PACKAGE = '_procession'
EAGER = ('journal', 'hooks', 'texts', 'ending', 'environment', 'oscalls', 'imports')  # those that boot() needs, in order
REST = '.rest'
NAME = '<procession %s>'  # in code objects: coverage and debuggers leave alone what is not a file


class Finder:
    """Finds and loads the probe's own modules."""

    home = ''
    cache = ''
    modules = {}

    @classmethod
    def has(cls, name):
        if name not in cls.modules:
            cls.modules = dict(cls.modules, **rest(cls.home, cls.cache))
        return name in cls.modules

    @classmethod
    def load(cls, name):
        """A module of the package, by its bare name. The import system would take several times as long."""
        full = '%s.%s' % (PACKAGE, name)
        acquire_lock()
        try:
            module = sys.modules.get(full)
            if module is None:
                if not cls.has(name):
                    raise AttributeError(name)
                module = prepared(name, full)
                cls.exec_module(module)
            return module
        finally:
            release_lock()

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        module = name[len(PACKAGE) + 1:] or '__init__'
        if not cls.has(module):
            return None
        spec = type(sys.__spec__)(name, cls, origin='%s/%s.py' % (cls.home, module))
        spec.has_location = True  # gives the module a __file__
        return spec

    @staticmethod
    def create_module(spec):
        return None

    @classmethod
    def exec_module(cls, module):
        name = module.__name__[len(PACKAGE) + 1:] or '__init__'
        exec(marshal.loads(cls.modules[name][1]), module.__dict__)


def current(home, modules):
    """Whether the bytecode is that of the sources."""
    return bool(modules) and all(mtime == posix.stat('%s/%s.py' % (home, name)).st_mtime_ns
                                 for name, (mtime, _) in modules.items())


def rest(home, cache):
    """The modules that not every process needs."""
    modules = {}
    try:
        with open(cache + REST, 'rb') as file:
            modules = marshal.loads(file.read())
    except Exception:
        pass  # there is none yet
    if not current(home, modules):
        modules = compiled(home)
        save(cache, modules)
    return modules


def compiled(home):
    modules = {}
    for file in os.listdir(home):
        if file.endswith('.py'):
            path = '%s/%s' % (home, file)
            mtime = posix.stat(path).st_mtime_ns
            with open(path, encoding='utf-8') as source:
                code = compile(source.read(), NAME % file, 'exec', dont_inherit=True, optimize=2)
            modules[file[:-3]] = mtime, marshal.dumps(code)
    return modules


def save(cache, modules):
    first = {name: modules[name] for name in (*EAGER, '__init__', 'bundle')}
    write(cache, first)
    write(cache + REST, {name: modules[name] for name in modules if name not in first})


def write(path, modules):
    """Other processes may read and write it at the same time."""
    scratch = '%s.%d' % (path, os.getpid())
    try:
        make_folder(os.path.dirname(path))
        descriptor = posix.open(scratch, posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC, 0o644)
        try:
            with open(descriptor, 'wb') as file:
                marshal.dump(modules, file)
            os.replace(scratch, path)
        except OSError:
            os.remove(scratch)
    except OSError:
        pass  # read-only or full: it is compiled every time


def make_folder(path):
    """What lies there enters programs: nobody else may write to it, whatever the umask of this one is."""
    try:
        posix.mkdir(path, 0o755)
    except OSError:
        pass  # it is there, or can't be


def keep_bytecode(boot):
    """Has `sitecustomize` itself compiled once for all, too."""
    make_folder(boot + '/__pycache__')
    options = sys.dont_write_bytecode, sys.pycache_prefix
    sys.dont_write_bytecode, sys.pycache_prefix = False, None
    try:
        loader = sys.modules['_frozen_importlib_external'].SourceFileLoader
        loader('sitecustomize', boot + '/sitecustomize.py').get_code('sitecustomize')
    finally:
        sys.dont_write_bytecode, sys.pycache_prefix = options


def confined(mark):
    """Whether somebody between the nearest observed ancestor and this process has forbidden system calls: ours may be among them."""
    mine = filters('self')
    return mine[:1] > b'0' and mine > (filters(mark.split('|')[1].partition('.')[0]) or mine)


def filters(pid):
    """Mode and number of filters of a process's seccomp(2), as far as the kernel tells."""
    try:
        file = posix.open('/proc/%s/status' % pid, posix.O_RDONLY | posix.O_CLOEXEC)
        try:
            status = posix.read(file, 4096)
        finally:
            posix.close(file)
    except OSError:
        return b''
    found = status.partition(b'Seccomp:\t')[2]
    number = found.partition(b'Seccomp_filters:\t')[2].partition(b'\n')[0]
    return found[:1] + number.rjust(9)


def start(home, cache, modules, boot, mark):
    locked = confined(mark)
    if not current(home, modules):
        modules = compiled(home)
        if not locked:
            save(cache, modules)
            keep_bytecode(boot)
    Finder.home, Finder.cache, Finder.modules = home, cache, modules
    package = prepared('__init__', PACKAGE)
    package.__path__ = []
    for name in EAGER:
        Finder.exec_module(prepared(name, '%s.%s' % (PACKAGE, name)))
    package.__getattr__ = Finder.load
    Finder.exec_module(package)
    package.boot(boot, mark, Finder, locked)


def prepared(name, full):
    """An empty module, where imports find it. The import system would take as long as all the rest."""
    module = sys.modules[full] = type(sys)(full)
    module.__file__ = '%s/%s.py' % (Finder.home, name)
    module.__package__ = PACKAGE
    if full != PACKAGE:
        setattr(sys.modules[PACKAGE], name, module)
    return module
