import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join, relative, resolve } from 'node:path';

/**
 * Where programs are found: as the person's shell in a folder would find them, with the folder's Python environment activated. What a
 * new shell decides by itself (conda's base, pyenv's shims, nvm's default) is in the PATH that it is given; nothing is added to that.
 */

/** What is known when a program is to be found. */
export interface Surroundings {
  /** folders of the workspace, the first is the default cwd */
  folders: string[];
  env: NodeJS.ProcessEnv;
  /** the interpreter that the ms-python extension has chosen, where it is installed */
  chosenPython?: string | undefined;
  /** whether terminals have the Python environment activated (`python.terminal.activateEnvironment`); default: yes */
  activates?: boolean | undefined;
}

const windows = process.platform === 'win32';

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The folders from `cwd` up to the workspace folder that it lies in, the nearest first, and then the other workspace folders. */
function surroundingFolders(cwd: string, folders: readonly string[]): string[] {
  const root = folders.find((folder) => !isAbsolute(relative(folder, cwd)) && !relative(folder, cwd).startsWith('..'));
  const above: string[] = [];
  for (let at = cwd; root !== undefined && at.length >= root.length; at = dirname(at)) {
    above.push(at);
    if (at === dirname(at)) break;
  }
  return [...new Set([...(root === undefined ? [cwd] : above), ...folders])];
}

/** The folder of an environment's programs, and the interpreter in it. */
const binOf = (prefix: string): string => join(prefix, windows ? 'Scripts' : 'bin');
const pythonIn = (prefix: string): string => join(binOf(prefix), windows ? 'python.exe' : 'python');

/** The Python environment that lies nearest to a folder: `.venv`, `venv` or `env`; undefined where there is none. */
function nearestEnvironment(cwd: string, folders: readonly string[]): string | undefined {
  return surroundingFolders(cwd, folders).flatMap((folder) => ['.venv', 'venv', 'env'].map((name) => join(folder, name))).find((prefix) => isExecutable(pythonIn(prefix)));
}

/** The environment that an interpreter belongs to; undefined for one that is installed on the machine. */
function environmentOf(python: string): string | undefined {
  const folder = dirname(python);
  // conda's interpreter for Windows lies in the environment itself.
  return [dirname(folder), folder].find((prefix) => existsSync(join(prefix, 'pyvenv.cfg')) || existsSync(join(prefix, 'conda-meta')));
}

/** The interpreter of a folder: the ms-python extension's choice, else that of the nearest environment. */
function interpreterOf(cwd: string, { folders, chosenPython }: Surroundings): string | undefined {
  if (chosenPython && isExecutable(chosenPython)) return chosenPython;
  const prefix = nearestEnvironment(cwd, folders);
  return prefix === undefined ? undefined : pythonIn(prefix);
}

/**
 * The Python that runs a file of a folder: the ms-python extension's choice, else that of the environment that is active in `env`, else
 * that of the nearest environment, else the one on PATH; undefined where there is none.
 */
export function pythonFor(cwd: string, around: Surroundings, env: NodeJS.ProcessEnv): string | undefined {
  if (around.chosenPython && isExecutable(around.chosenPython)) return around.chosenPython;
  const active = env.VIRTUAL_ENV ? pythonIn(env.VIRTUAL_ENV) : undefined;
  if (active !== undefined && isExecutable(active)) return active;
  return interpreterOf(cwd, around) ?? ['python3', 'python'].find((name) => findProgram(name, cwd, env));
}

/** Names of variables do not differ by their case on Windows. */
function nameIn(env: NodeJS.ProcessEnv, name: string): string {
  return windows ? (Object.keys(env).find((key) => key.toUpperCase() === name) ?? name) : name;
}

export const pathOf = (env: NodeJS.ProcessEnv): string[] => (env[nameIn(env, 'PATH')] ?? '').split(delimiter).filter(Boolean);

/** `env` with `folders` before all others of its PATH. */
export function withPath(env: NodeJS.ProcessEnv, folders: readonly string[]): NodeJS.ProcessEnv {
  const known = pathOf(env).filter((folder) => !folders.includes(folder));
  return { ...env, [nameIn(env, 'PATH')]: [...folders, ...known].join(delimiter) };
}

/** What `activate` of an environment does to the variables of a shell (CPython, Lib/venv/scripts; `conda activate`). */
function activated(env: NodeJS.ProcessEnv, prefix: string): NodeJS.ProcessEnv {
  const rest = { ...env };
  delete rest.PYTHONHOME;
  if (!existsSync(join(prefix, 'conda-meta'))) return { ...withPath(rest, [binOf(prefix)]), VIRTUAL_ENV: prefix };
  const inside = windows ? ['.', 'Library\\mingw-w64\\bin', 'Library\\usr\\bin', 'Library\\bin', 'Scripts', 'bin'] : ['bin'];
  const name = basename(dirname(prefix)) === 'envs' ? basename(prefix) : prefix;
  return { ...withPath(rest, inside.map((folder) => join(prefix, folder))), CONDA_PREFIX: prefix, CONDA_DEFAULT_ENV: name };
}

/** The variables of the person's shell in a folder: those that a window has, with the Python environment of the folder activated. */
export function shellEnvironment(cwd: string, around: Surroundings): NodeJS.ProcessEnv {
  const python = around.activates === false ? undefined : interpreterOf(cwd, around);
  const prefix = python === undefined ? undefined : environmentOf(python) ?? (python === around.chosenPython ? undefined : dirname(dirname(python)));
  return prefix === undefined ? around.env : activated(around.env, prefix);
}

/** The folders `node_modules/.bin` of a folder and of all above it, the nearest first, where package managers put the programs of packages. */
export function packageBins(cwd: string): string[] {
  const found: string[] = [];
  for (let at = resolve(cwd); ; at = dirname(at)) {
    const bin = join(at, 'node_modules', '.bin');
    if (existsSync(bin)) found.push(bin);
    if (at === dirname(at)) return found;
  }
}

/** Finds a program as execvp(3) would; undefined when it is nowhere. `folders`: instead of PATH. */
export function findProgram(name: string, cwd: string, env: NodeJS.ProcessEnv, folders: readonly string[] = pathOf(env)): string | undefined {
  const endings = windows ? ['', ...(env.PATHEXT ?? '.EXE;.CMD;.BAT').split(';')] : [''];
  const places = /[/\\]/.test(name) ? [resolve(cwd, name)] : folders.map((folder) => resolve(cwd, folder, name));
  for (const place of places) for (const ending of endings) if (isExecutable(place + ending)) return place + ending;
  return undefined;
}

/** The folders of the environment that is active in `env`, where they are the first of its PATH. */
function activeBins(env: NodeJS.ProcessEnv): string[] {
  const prefix = env.VIRTUAL_ENV ?? env.CONDA_PREFIX;
  const folders = pathOf(env);
  const end = prefix === undefined ? 0 : folders.findIndex((folder) => !folder.startsWith(prefix));
  return folders.slice(0, end < 0 ? undefined : end);
}

/** `env` with the programs of a folder's packages on PATH, behind those of the Python environment that is active, before all others. */
export const withPackages = (env: NodeJS.ProcessEnv, cwd: string): NodeJS.ProcessEnv => withPath(env, [...activeBins(env), ...packageBins(cwd)]);

/**
 * How a program is called so that it is the one that belongs to a folder: the Python environment that is active comes first, then the
 * packages in `node_modules`, then PATH. A name that PATH gives as well is left as it is.
 */
export function ownProgram(name: string, cwd: string, env: NodeJS.ProcessEnv): string {
  const isPath = /[/\\]/.test(name);
  return isPath || findProgram(name, cwd, env, activeBins(env)) ? name : (findProgram(name, cwd, env, packageBins(cwd)) ?? name);
}
