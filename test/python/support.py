"""Runs a real program twice, bare and with the probe, and gives back what the probe told."""
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

PROBES = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'src', 'probes')
BOOT = os.path.realpath(os.path.join(PROBES, 'python', 'boot'))
NODE = '--require "%s"' % os.path.realpath(os.path.join(PROBES, 'node', 'probe.cjs'))
ANCESTOR = '1.1'
TIMEOUT = 60
VARYING = re.compile('0x[0-9a-f]+|(?<=pid=)[0-9]+')  # addresses, and the pid in Python's own warnings
METHODS = ('fork', 'spawn', 'forkserver')


class Run:
    """A run directory and the events in it."""

    def __init__(self, directory, result=None):
        self.directory = directory
        self.result = result

    @property
    def events(self):
        found = []
        for name in sorted(os.listdir(os.path.join(self.directory, 'events'))):
            if not name[0].isdigit():
                continue  # the launcher's
            with open(os.path.join(self.directory, 'events', name), encoding='ascii') as file:
                for line in file:
                    event = json.loads(line)
                    assert event['id'] + '.ndjson' == name, (event, name)
                    found.append(event)
        return sorted(found, key=lambda event: event['t'])

    def of(self, kind, **fields):
        """The events of a kind that have these fields."""
        return [event for event in self.events if event['e'] == kind
                and all(event.get(key) == value for key, value in fields.items())]

    def one(self, kind, **fields):
        found = self.of(kind, **fields)
        assert len(found) == 1, (kind, fields, found)
        return found[0]

    @property
    def root(self):
        return self.one('start', parent=ANCESTOR)['id']

    def output(self, member, name):
        with open(os.path.join(self.directory, 'out', '%s.%s' % (member, name)), 'rb') as file:
            return file.read()


class ProbeCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
        self.place = os.path.realpath(tempfile.mkdtemp(prefix='procession-test-', dir=memory))
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.runs = 0

    def program(self, source, name='program.py'):
        path = os.path.join(self.place, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(textwrap.dedent(source))
        return path

    def environment(self, **more):
        bare = {key: os.environ[key] for key in ('PATH', 'HOME', 'LANG', 'TMPDIR') if key in os.environ}
        bare.update(dict({'PYTHONDONTWRITEBYTECODE': '1'}, **more))
        return {key: value for key, value in bare.items() if value is not None}

    def observed(self, env, directory, options='', ancestor=ANCESTOR):
        """The environment as the launcher makes it."""
        env = dict(env)
        env['PROCESSION'] = '1|%s|%s|%s' % (ancestor, options, directory)
        for key, ours, separator in (('PYTHONPATH', BOOT, ':'), ('NODE_OPTIONS', NODE, ' ')):
            env[key] = ours + separator + env[key] if key in env else ours
        return env

    def new_run(self):
        self.runs += 1
        directory = os.path.join(self.place, 'run%d' % self.runs)
        os.makedirs(os.path.join(directory, 'events'))
        os.makedirs(os.path.join(directory, 'out'))
        return Run(directory)

    def execute(self, command, env, **options):
        options.setdefault('stdin', subprocess.DEVNULL)
        return subprocess.run(command, env=env, cwd=self.place, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=TIMEOUT, **options)

    def observe(self, source, *args, python=(), env=None, options='', compare=True, **execution):
        """
        Runs a program bare and with the probe; both must print the same and end the same. `source` is a program's text
        or, with `python=('-m', 'x')` or the like, None.
        """
        bare_env = self.environment(**(env or {}))
        command = [sys.executable, *python] + ([self.program(source)] if source is not None else []) + list(args)
        run = self.new_run()
        run.result = self.execute(command, self.observed(bare_env, run.directory, options), **execution)
        if compare:
            bare = self.execute(command, bare_env, **execution)
            self.same(run.result, bare)
        return run

    def same(self, observed, bare):
        """Both runs of a program printed and ended the same."""
        difference = list(difflib.unified_diff(text(bare), text(observed), 'bare', 'observed', lineterm='', n=2))
        if difference:
            self.fail('\n'.join(difference))


def text(result):
    lines = ['ended with %s' % result.returncode]
    for name in ('stdout', 'stderr'):
        output = VARYING.sub('…', getattr(result, name).decode('utf-8', 'replace'))
        lines += ['%s: %s' % (name, line) for line in output.split('\n')]
    return lines
