"""
CPython's own tests of processes, bare and with the probe, test by test, on every interpreter found (or those named):

    python test/python/cpython_suites.py [VERSION…] [--only MODULE…] [--timeout SECONDS]

A test that ends differently is run again both ways, because some of CPython's own tests depend on the load of the machine:
it counts when the probe's result differs from the bare one every time. What also fails bare is listed by name and excused.
Ends with 1 if there is a difference.
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from support import ANCESTOR, BOOT, NODE

MODULES = ('test_fork1', 'test_multiprocessing_main_handling', 'test_subprocess', 'test_concurrent_futures',
           'test_multiprocessing_fork', 'test_multiprocessing_spawn', 'test_multiprocessing_forkserver')
RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'cpython_runner.py')
ATTEMPTS = 3


def interpreters(wanted):
    """`{version: path}` of CPythons of at least 3.8: pyenv's, and those on PATH."""
    root = os.environ.get('PYENV_ROOT') or os.path.expanduser('~/.pyenv')
    versions = os.path.join(root, 'versions')
    paths = [os.path.join(versions, name, 'bin', 'python') for name in os.listdir(versions)] if os.path.isdir(versions) else []
    paths += [shutil.which('python3.%d' % minor) for minor in range(8, 30)]
    found = {}
    for path in paths:
        if path and os.access(path, os.X_OK):
            code = 'import sys; print("%d.%d" % sys.version_info[:2], sys.implementation.name)'
            told = subprocess.run([path, '-c', code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.split()
            if len(told) == 2 and told[1] == b'cpython' and told[0].startswith(b'3.') and int(told[0][2:]) >= 8:
                found.setdefault(told[0].decode(), path)
    return {version: found[version] for version in sorted(found, key=lambda text: int(text[2:]))
            if not wanted or any(text == version or text.startswith(version + '.') for text in wanted)}


def run(python, module, observed, timeout, only=()):
    """`{test id: outcome}` of one module's tests, and what went wrong as a whole ('' if nothing)."""
    place = tempfile.mkdtemp(prefix='procession-cpython-')
    memory = tempfile.mkdtemp(prefix='procession-cpython-', dir='/dev/shm' if os.path.isdir('/dev/shm') else None)
    env = {key: os.environ[key] for key in ('PATH', 'HOME', 'LANG') if key in os.environ}
    if observed:
        os.mkdir(os.path.join(memory, 'events'))
        env.update(PYTHONPATH=BOOT, NODE_OPTIONS=NODE, PROCESSION='1|%s||%s' % (ANCESTOR, memory))
    report = os.path.join(memory, 'report')
    with open(os.path.join(memory, 'output'), 'wb') as output:
        process = subprocess.Popen([python, RUNNER, module, report, *only], env=env, cwd=place, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=output, start_new_session=True)
        try:
            problem = '' if process.wait(timeout) == 0 else 'ended with %s' % process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            problem = 'no end after %d s' % timeout
    outcomes = {}
    if os.path.exists(report):
        with open(report) as lines:
            outcomes = dict(json.loads(line) for line in lines)
    shutil.rmtree(place, ignore_errors=True)
    shutil.rmtree(memory, ignore_errors=True)
    return outcomes, problem


def compare(python, module, timeout):
    """Prints one module's comparison; whether it is the same both ways."""
    bare, bare_problem = run(python, module, False, timeout)
    if bare == {'shipped': 'no'}:
        print('  %-40s not shipped with this interpreter' % module, flush=True)
        return True
    observed, problem = run(python, module, True, timeout)
    suspects = sorted(test for test in bare.keys() | observed.keys() if bare.get(test) != observed.get(test))
    different = [test for test in suspects if not settle(python, module, test, timeout)]
    failing = sorted(test for test, outcome in bare.items() if outcome in ('failure', 'error') and test not in different)
    print('  %-40s %4d tests, %d different, %d fail bare, %d differed once'
          % (module, len(bare), len(different), len(failing), len(suspects) - len(different)), flush=True)
    for test in different:
        print('    DIFFERENT  %s: %s bare, %s observed' % (test, bare.get(test, 'not run'), observed.get(test, 'not run')))
    for test in failing:
        print('    fails bare %s: %s' % (test, bare[test]))
    for name, trouble in (('bare', bare_problem), ('observed', problem)):
        if trouble:
            print('    %s: %s' % (name, trouble))
    return not different and (bool(bare_problem) or not problem)


def settle(python, module, test, timeout):
    """Whether a test ends the same both ways when it is run alone again."""
    if test.startswith('setUpClass') or test.startswith('setUpModule'):
        return False
    for _ in range(ATTEMPTS):
        if run(python, module, False, timeout, [test])[0] == run(python, module, True, timeout, [test])[0]:
            return True
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().split('\n')[0])
    parser.add_argument('versions', nargs='*', metavar='VERSION')
    parser.add_argument('--only', nargs='+', default=MODULES, metavar='MODULE')
    parser.add_argument('--timeout', type=int, default=1800, help='for one module, in seconds')
    options = parser.parse_args()
    found = interpreters(options.versions)
    if not found:
        sys.exit('no CPython found for %s' % (' '.join(options.versions) or '3.8 and later'))
    same = True
    for version, python in found.items():
        print('CPython %s (%s)' % (version, python), flush=True)
        for module in options.only:
            same = compare(python, module, options.timeout) and same
    sys.exit(0 if same else 1)


if __name__ == '__main__':
    main()
