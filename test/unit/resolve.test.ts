import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { HumanError } from '../../src/core/errors';
import { observedEnvironment } from '../../src/launch/environment';
import type { LaunchOptions } from '../../src/launch/options';
import { commandToArgv, resolveLaunch } from '../../src/launch/resolve';
import { ownPidNamespace } from '../../src/observe/system/linux/ownProc';

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
file('work/deep/er/x');
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

/** A program that can be executed and does nothing. */
const program = (name: string): string => file(name, '#!/bin/sh\n', 0o755);
const removed = (...names: string[]): void => names.forEach((name) => rmSync(join(folder, name), { recursive: true, force: true }));
const inBin = process.platform === 'win32' ? 'Scripts' : 'bin';

test('commands are those of the Python environment of the folder, then of its packages, then of PATH, and the program has that environment', { skip: process.platform === 'win32' }, () => {
  program('bin/pytest');
  program('bin/tsc');
  const run = (command: string | string[], more: LaunchOptions = {}) => resolve({ command, ...more });
  assert.deepEqual([run('pytest -n 4').argv, run('pytest').env], [['pytest', '-n', '4'], { PATH: bin }], 'nothing is added where the folder has nothing');
  file('work/.venv/pyvenv.cfg');
  const python = program('work/.venv/bin/python');
  program('work/.venv/bin/pytest');
  const tsx = program('work/node_modules/.bin/tsx');
  program('node_modules/.bin/tsx');
  const above = program('node_modules/.bin/tsc');
  program('work/node_modules/.bin/pytest');
  const own = run('pytest -n 4');
  assert.deepEqual([own.argv, own.env], [['pytest', '-n', '4'], { PATH: [join(work, '.venv', inBin), bin].join(delimiter), VIRTUAL_ENV: join(work, '.venv') }]);
  assert.deepEqual(resolve({ command: 'pytest' }, { env: { PYTHONHOME: '/usr' } }).env.PYTHONHOME, undefined, 'as activate does');
  assert.deepEqual([run(['tsx', 'a b.ts']).argv, run('tsc').argv], [[tsx, 'a b.ts'], [above]]);
  assert.deepEqual(resolve({ runtimeExecutable: 'tsx', program: 'app.mjs' }).argv, [tsx, 'app.mjs']);
  assert.deepEqual(resolve({ program: 'app.mjs' }).argv, ['node', 'app.mjs'], "the Node of the shell, whatever the packages bring along");
  const line = run('tsx a.ts | pytest -');
  assert.deepEqual([line.argv, line.env.PATH], [['/bin/sh', '-c', 'tsx a.ts | pytest -'], [join(work, '.venv', inBin), join(work, 'node_modules', '.bin'), join(folder, 'node_modules', '.bin'), bin].join(delimiter)]);
  assert.deepEqual(run('~/x').argv, ['/bin/sh', '-c', '~/x']);
  const below = run('pytest', { cwd: 'deep/er' });
  assert.equal(below.env.VIRTUAL_ENV, join(work, '.venv'), 'from below, too');
  assert.deepEqual(resolve({ program: join(work, 'app.py'), cwd: 'deep/er' }).argv[0], python);
  removed('work/.venv', 'work/node_modules', 'node_modules', 'bin/pytest', 'bin/tsc');
});

test('an interpreter that is named by its path activates nothing; one that is named by its name is that of the environment', { skip: process.platform === 'win32' }, () => {
  program('work/venv/bin/python3');
  program('work/venv/bin/python');
  assert.deepEqual(resolve({ program: 'app.py', python: join(bin, 'python3') }).env, { PATH: bin });
  const named = resolve({ program: 'app.py', python: 'python3' });
  assert.deepEqual([named.argv[0], named.env.VIRTUAL_ENV], ['python3', join(work, 'venv')]);
  removed('work/venv');
});

test("the Python extension's choice is activated as its terminals are: an environment of venv or conda, not an interpreter of the machine, not where that is switched off", { skip: process.platform === 'win32' }, () => {
  const venv = program('chosen/venv/bin/python');
  file('chosen/venv/pyvenv.cfg');
  const conda = program('chosen/envs/science/bin/python');
  file('chosen/envs/science/conda-meta/history');
  const global = program('chosen/usr/bin/python3');
  program('work/.venv/bin/python');
  const chosen = (chosenPython: string, activates = true) => resolveLaunch({ command: 'npm test' }, { folders: [work], env: { PATH: bin }, chosenPython, activates }).env;
  assert.deepEqual(chosen(venv), { PATH: [join(folder, 'chosen/venv/bin'), bin].join(delimiter), VIRTUAL_ENV: join(folder, 'chosen/venv') });
  assert.deepEqual(chosen(conda), { PATH: [join(folder, 'chosen/envs/science/bin'), bin].join(delimiter), CONDA_PREFIX: join(folder, 'chosen/envs/science'), CONDA_DEFAULT_ENV: 'science' });
  assert.deepEqual([chosen(global), chosen(venv, false)], [{ PATH: bin }, { PATH: bin }]);
  assert.equal(resolveLaunch({ program: 'app.py' }, { folders: [work], env: { PATH: bin }, chosenPython: venv, activates: false }).argv[0], venv, 'which it is all the same');
  removed('chosen', 'work/.venv');
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
    [{ command: 'nonesuch -x' }, 127, /nonesuch was not found: not in the Python environment of the folder, not in node_modules\/\.bin, not on PATH/],
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
