// Finds the Python interpreters of this machine: `node test/interpreters.mjs` prints them, one a line.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const windows = process.platform === 'win32';
const oldest = [3, 8];

let pythons;

/**
 * The Pythons that the probe can enter, oldest first, one for each minor version and implementation:
 * those of pyenv, and `python3`, `python3.X` and `python` on PATH. They are asked once.
 * @returns {{ path: string, version: string, implementation: string }[]}
 */
export const findPythons = () => (pythons ??= search());

function search() {
  const seen = new Set();
  const found = new Map();
  for (const path of [...fromPath(), ...fromPyenv()]) {
    const real = realpathSync(path);
    if (seen.has(real)) continue;
    seen.add(real);
    const python = ask(path);
    if (!python || compare(python.version, oldest.join('.')) < 0) continue;
    const key = `${python.implementation} ${python.version.split('.').slice(0, 2).join('.')}`;
    const known = found.get(key);
    if (!known || compare(known.version, python.version) < 0) found.set(key, python);
  }
  return [...found.values()].sort((a, b) => compare(a.version, b.version));
}

function fromPath() {
  const name = windows ? /^python(3(\.\d+)?)?\.exe$/i : /^(python(3(\.\d+)?)?|pypy3(\.\d+)?)$/;
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder && existsSync(folder))
    .flatMap((folder) => list(folder).filter((file) => name.test(file)).map((file) => join(folder, file)))
    .filter((path) => existsSync(path));
}

function fromPyenv() {
  const root = process.env.PYENV_ROOT || output('pyenv', ['root']);
  if (!root) return [];
  return list(join(root, 'versions')).map((version) => join(root, 'versions', version, windows ? 'python.exe' : 'bin/python')).filter((path) => existsSync(path));
}

/** What the interpreter says of itself; undefined for what is none (a shim without a version, a stub of a shop). */
function ask(path) {
  const text = output(path, ['-I', '-c', 'import sys, platform; print(sys.executable); print(platform.python_version()); print(sys.implementation.name)']);
  const [executable, version, implementation] = (text ?? '').split(/\r?\n/);
  return executable && version && implementation ? { path: executable, version, implementation } : undefined;
}

function output(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'ignore'] });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const numbers = (version) => version.split(/[^\d]+/).map(Number);
const compare = (a, b) => numbers(a).reduce((order, number, index) => order || number - (numbers(b)[index] ?? 0), 0);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, version, implementation } of findPythons()) console.log(`${implementation} ${version}\t${path}`);
}
