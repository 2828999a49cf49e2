"""
Brings the Procession probe into a Python process: `site` imports this file because its directory is on PYTHONPATH.

It must parse and do nothing on any Python, 2.7 included, because children of other versions inherit PYTHONPATH. Afterwards
it leaves no trace and hands over to the program's own `sitecustomize`: where there is none, the ImportError of the second
import is the one that `site` expects.
"""
import os
import sys


def load(boot):
    mark = os.environ.get('PROCESSION', '')
    if sys.version_info < (3, 8) or not mark.startswith('1|'):
        return
    import marshal
    home = os.path.join(os.path.dirname(boot), '_procession')
    bundle = type(sys)('_procession.bundle')
    bundle.__file__ = os.path.join(home, 'bundle.py')
    cache = os.path.join(home, '__pycache__', sys.implementation.cache_tag + '.bundle')
    try:
        with open(cache, 'rb') as file:
            modules = marshal.loads(file.read())
        if modules['bundle'][0] != os.stat(bundle.__file__).st_mtime_ns:
            raise ValueError('of other sources')
        exec(marshal.loads(modules['bundle'][1]), bundle.__dict__)
    except Exception:
        modules = {}
        with open(bundle.__file__) as file:
            exec(compile(file.read(), bundle.__file__, 'exec'), bundle.__dict__)
    bundle.start(home, cache, modules, boot, mark)


def leave(boot):
    at = sys.path.index(boot) if boot in sys.path else -1
    if at >= 0:
        del sys.path[at]
        if os.environ.get('PYTHONPATH') == '' and sys.path[at:at + 1] == [os.getcwd()]:
            # `boot:` names the current directory, too; an empty PYTHONPATH names nothing.
            sys.path_importer_cache.pop(sys.path.pop(at), None)
    sys.path_importer_cache.pop(boot, None)
    sys.modules.pop('sitecustomize', None)


def uncover(file):
    """Where coverage measures already (a .pth file starts it in children), this file is in no report."""
    current = sys.modules['coverage'].Coverage.current()
    measured = current._collector.data
    for name in list(measured):
        if os.path.realpath(name) == file:
            del measured[name]


BOOT = os.path.dirname(os.path.abspath(__file__))
try:
    load(BOOT)
except Exception:
    pass  # the program comes first
leave(BOOT)
if 'coverage' in sys.modules:
    try:
        uncover(os.path.realpath(__file__))
    except Exception:
        pass  # another make of coverage
import sitecustomize  # noqa: E402, F401
