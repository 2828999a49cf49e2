"""Finds the user's function; whatever goes wrong is told with the line and the way out."""
import os
import sys

from .failures import place_of, said, text_of


class Refusal(Exception):
    """The workload can't run at all; the message is for the person."""

    def __init__(self, message, file=None, line=None, traceback=None):
        super().__init__(message)
        self.facts = {'message': message, 'file': file, 'line': line, 'traceback': traceback}


def load(target, directory):
    """The function that `file.py:name` or `module:name` means."""
    place, _, name = target.rpartition(':')
    module = load_file(os.path.join(directory, place)) if place.endswith('.py') else load_module(place, directory)
    found = module
    for part in name.split('.'):
        found = getattr(found, part, None)
    if found is None:
        raise missing(module, place, name)
    if not callable(found):
        raise Refusal('%s in %s is no function but %s.' % (name, place, type(found).__name__), module.__file__)
    return found


def load_file(path):
    import importlib.util
    if not os.path.isfile(path):
        raise Refusal('There is no file %s.' % path)
    sys.path.insert(0, os.path.dirname(path))
    sys.argv[:] = [path]
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    explained(lambda: spec.loader.exec_module(module), path)
    return module


def load_module(name, directory):
    import importlib
    sys.path.insert(0, directory)
    sys.argv[:] = [name]
    return explained(lambda: importlib.import_module(name), name)


def explained(bring, what):
    """Imports; whatever goes wrong becomes a refusal that names the line and the way out."""
    try:
        return bring()
    except SyntaxError as error:
        raise Refusal('%s can\'t be read: %s (line %s).' % (what, error.msg, error.lineno), error.filename, error.lineno, text_of(error))
    except SystemExit as error:
        file, line = place_of(error, what)
        raise Refusal('%s ended the program when it was imported (line %s, exit code %s). Put what runs the program under: if __name__ == "__main__":' % (what, line, error.code), file, line, text_of(error))
    except ImportError as error:
        file, line = place_of(error, what)
        hint = ' Name it as a module (package.module:function) instead of a file.' if 'relative import' in str(error) else ' Install it for %s, or choose another interpreter.' % sys.executable if isinstance(error, ModuleNotFoundError) else ''
        raise Refusal('%s can\'t be imported: %s.%s' % (what, error, hint), file, line, text_of(error))
    except BaseException as error:
        file, line = place_of(error, what)
        raise Refusal('%s can\'t be imported: %s: %s (line %s)' % (what, type(error).__name__, said(error), line), file, line, text_of(error))


def missing(module, place, name):
    import ast
    file = getattr(module, '__file__', None)
    try:
        with open(file, 'rb') as source:
            tree = ast.parse(source.read())
    except Exception:
        return Refusal('%s has no function "%s".' % (place, name), file)
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for outer in ast.walk(tree):
        if not isinstance(outer, functions + (ast.ClassDef,)):
            continue
        for inner in ast.walk(outer):
            if inner is not outer and isinstance(inner, functions) and inner.name == name.split('.')[-1]:
                return Refusal('%s in %s is defined inside %s (line %d), where workers can\'t reach it. Move it to the top level of the file.' % (name, place, outer.name, inner.lineno), file, inner.lineno)
    known = [node.name for node in tree.body if isinstance(node, functions)]
    return Refusal('%s has no function "%s". It has: %s.' % (place, name, ', '.join(known) or 'none'), file)
