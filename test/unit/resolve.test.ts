import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { HumanError } from '../../src/core/errors';
import { observedEnvironment } from '../../src/launch/environment';
import type { LaunchOptions } from '../../src/launch/options';
import { commandToArgv, resolveLaunch } from '../../src/launch/resolve';
import { ownPidNamespace } from '../../src/observe/ownProc';

const folder = mkdtempSync(join(tmpdir(), 'procession-resolve-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text = '', mode = 0o644): string => {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
};
const bin = join(folder, 'bin');
for (const name of ['python3', 'python', 'node', 'npm']) file(`bin/${name}`, '#!/bin/sh\n', 0o755);
const work = join(folder, 'work');
file('work/app.py');
file('work/app.mjs');
const resolve = (options: LaunchOptions, more: { chosenPython?: string; env?: NodeJS.ProcessEnv } = {}) =>
  resolveLaunch(options, { folders: [work], env: { PATH: bin, ...more.env }, chosenPython: more.chosenPython });

test('keys as in debugpy and js-debug make the argument list that those make', () => {
  const argv = (options: LaunchOptions) => resolve(options).argv;
  assert.deepEqual(argv({ program: 'app.py', args: ['a b'], pythonArgs: ['-X', 'dev'] }), ['python3', '-X', 'dev', 'app.py', 'a b']);
  assert.deepEqual(argv({ module: 'http.server', args: "8000 --bind 'a b'" }), ['python3', '-m', 'http.server', '8000', '--bind', 'a b']);
  assert.deepEqual(argv({ program: 'app.mjs', runtimeArgs: ['--enable-source-maps'] }), ['node', '--enable-source-maps', 'app.mjs']);
  assert.deepEqual(argv({ runtimeExecutable: 'npm', runtimeArgs: ['run', 'build'] }), ['npm', 'run', 'build']);
  assert.deepEqual(argv({ program: 'app.py', python: [join(bin, 'python'), '-B'] }), [join(bin, 'python'), '-B', 'app.py']);
  assert.deepEqual(argv({ command: ['npm', 'a b'] }), ['npm', 'a b']);
});

test('the interpreter: explicit, then the Python extension\'s, then .venv, then venv, then PATH', () => {
  const first = (options: LaunchOptions = {}, chosenPython?: string) => resolve({ program: 'app.py', ...options }, chosenPython === undefined ? {} : { chosenPython }).argv[0];
  assert.equal(first(), 'python3');
  const venv = file('work/venv/bin/python', '', 0o755);
  assert.equal(first(), venv);
  const dotVenv = file('work/.venv/bin/python', '', 0o755);
  assert.equal(first(), dotVenv);
  const chosen = file('chosen/python', '', 0o755);
  assert.equal(first({}, chosen), chosen);
  assert.equal(first({ python: 'python' }, chosen), 'python');
  rmSync(join(work, '.venv'), { recursive: true });
  rmSync(join(work, 'venv'), { recursive: true });
});

test('a command line is split into words, and goes to a shell only when it has a shell\'s operators', { skip: process.platform === 'win32' }, () => {
  assert.deepEqual(commandToArgv('pytest -n 4 "a b" $HOME', { HOME: '/home/x' }), ['pytest', '-n', '4', 'a b', '/home/x']);
  for (const line of ['a | b', 'a && b', 'a > b', 'ls *.py', 'FOO=1 a']) assert.deepEqual(commandToArgv(line, {}), ['/bin/sh', '-c', line]);
});

test('the environment: the surroundings, then the files, then env; null removes', () => {
  file('work/.env', 'A=file\nB="two words"\n# comment\n');
  const { env } = resolve({ program: 'app.py', envFile: '.env', env: { A: 'env', C: null } }, { env: { C: 'x', D: 'kept' } });
  assert.deepEqual({ A: env.A, B: env.B, C: env.C, D: env.D }, { A: 'env', B: 'two words', C: undefined, D: 'kept' });
});

test('what can\'t be run is refused with the reason, the way out and the shell\'s status', () => {
  file('work/plain.txt');
  file('work/locked/x');
  const refused: [LaunchOptions, number, RegExp][] = [
    [{ program: 'missing.py' }, 127, /missing\.py does not exist\. Correct "program"/],
    [{ program: 'plain.txt' }, 126, /is not executable/],
    [{ program: 'app.py', python: 'pythonX' }, 127, /interpreter pythonX was not found.*Correct "python"/],
    [{ program: 'app.py', cwd: 'nowhere' }, 2, /nowhere does not exist\. Correct "cwd"/],
    [{ program: 'app.py', envFile: 'no.env' }, 2, /no\.env can't be read \(ENOENT\)/],
    [{ command: '  ' }, 2, /command is empty/],
    [{ command: 'nonesuch -x' }, 127, /nonesuch was not found/],
    [{ python: 'python3' }, 2, /names no "program"/],
    [{}, 2, /names nothing to run/],
  ];
  for (const [options, status, message] of refused) {
    assert.throws(() => resolve(options), (error: unknown) => error instanceof HumanError && error.status === status && message.test(error.message), JSON.stringify(options));
  }
});

test('the observed environment keeps apart a variable that is empty and one that is not set', () => {
  const observed = (base: NodeJS.ProcessEnv) => observedEnvironment(base, { run: '/r|x', probes: '/p "q"\\', ancestor: '5.6', keepOutput: true });
  assert.equal(observed({}).PROCESSION, `1|5.6|o${process.platform === 'linux' ? `n${ownPidNamespace()}` : ''}|/r|x`);
  assert.equal(observed({}).PYTHONPATH, join('/p "q"\\', 'python', 'boot'));
  assert.equal(observed({ PYTHONPATH: '' }).PYTHONPATH, `${join('/p "q"\\', 'python', 'boot')}${delimiter}`);
  assert.equal(observed({ NODE_OPTIONS: '--a' }).NODE_OPTIONS, '--require "/p \\"q\\"\\\\/node/probe.cjs" --a');
});
