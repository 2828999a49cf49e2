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
    package_parent = os.path.dirname(boot)
    options = sys.dont_write_bytecode, sys.pycache_prefix
    # Our bytecode is cached beside our source whatever the program wants for its own: compiling costs 3 ms a process.
    sys.dont_write_bytecode, sys.pycache_prefix = False, None
    sys.path.insert(0, package_parent)
    try:
        import _procession
        _procession.boot(boot, mark)
    except Exception:
        pass  # the program comes first
    finally:
        sys.path.remove(package_parent)
        sys.path_importer_cache.pop(package_parent, None)
        sys.dont_write_bytecode, sys.pycache_prefix = options


def leave(boot):
    at = sys.path.index(boot) if boot in sys.path else -1
    if at >= 0:
        del sys.path[at]
        if os.environ.get('PYTHONPATH') == '' and sys.path[at:at + 1] == [os.getcwd()]:
            del sys.path[at]  # `boot:` names the current directory too, an empty PYTHONPATH names nothing
    sys.path_importer_cache.pop(boot, None)
    sys.modules.pop('sitecustomize', None)


BOOT = os.path.dirname(os.path.abspath(__file__))
load(BOOT)
leave(BOOT)
import sitecustomize  # noqa: E402, F401
