import { parse as parseEnvFile } from 'dotenv';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, extname, isAbsolute, join, resolve } from 'node:path';
import { parse as splitWords } from 'shell-quote';
import { codeOf, HumanError } from '../core/errors';
import type { LaunchOptions, ResolvedLaunch } from './options';

/** Turns what a person asked for into an argument list, a folder and an environment, or says what is wrong with it. */

export interface Surroundings {
  /** folders of the workspace, the first is the default cwd */
  folders: string[];
  env: NodeJS.ProcessEnv;
  /** the interpreter that the ms-python extension has chosen, where it is installed */
  chosenPython?: string | undefined;
}

const scripts: Record<string, 'python' | 'node'> = {
  '.py': 'python', '.pyw': 'python', '.js': 'node', '.cjs': 'node', '.mjs': 'node', '.ts': 'node', '.cts': 'node', '.mts': 'node',
};

/** The runtime that a file is run with, by its ending; undefined when it is neither Python's nor Node's. */
export function runtimeOfFile(path: string): 'python' | 'node' | undefined {
  return scripts[extname(path).toLowerCase()];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Finds a program as execvp(3) would; undefined when it is nowhere. */
export function findProgram(name: string, cwd: string, env: NodeJS.ProcessEnv): string | undefined {
  const endings = process.platform === 'win32' ? ['', ...(env.PATHEXT ?? '.EXE;.CMD;.BAT').split(';')] : [''];
  const places = /[/\\]/.test(name) ? [resolve(cwd, name)] : (env.PATH ?? env.Path ?? '').split(delimiter).filter(Boolean).map((folder) => resolve(cwd, folder, name));
  for (const place of places) for (const ending of endings) if (isExecutable(place + ending)) return place + ending;
  return undefined;
}

/** The interpreter: explicit, else the ms-python extension's choice, else the workspace's `.venv` or `venv`, else PATH. */
function pythonOf(options: LaunchOptions, around: Surroundings, cwd: string, env: NodeJS.ProcessEnv): string[] {
  const explicit = typeof options.python === 'string' ? [options.python] : options.python;
  const first = explicit?.[0];
  if (explicit && first) {
    if (!findProgram(first, cwd, env)) throw new HumanError(`The Python interpreter ${first} was not found or is not executable. Correct "python" in the launch configuration.`, 127);
    return explicit;
  }
  if (around.chosenPython && isExecutable(around.chosenPython)) return [around.chosenPython];
  const inside = process.platform === 'win32' ? join('Scripts', 'python.exe') : join('bin', 'python');
  for (const folder of around.folders) {
    for (const name of ['.venv', 'venv']) if (isExecutable(join(folder, name, inside))) return [join(folder, name, inside)];
  }
  const found = ['python3', 'python'].find((name) => findProgram(name, cwd, env));
  if (!found) throw new HumanError('No Python interpreter was found (no "python" in the launch configuration, no .venv or venv in the workspace, no python3 or python on PATH). Install Python or set "python".', 127);
  return [found];
}

/** Arguments as a list; a string is split as a shell would. */
export function wordsOf(value: string[] | string | undefined, env: NodeJS.ProcessEnv): string[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.map(String);
  return splitWords(value, env).map((word) => (typeof word === 'string' ? word : 'pattern' in word ? word.pattern : 'op' in word ? word.op : ''));
}

/** A command line as an argument list. Only where it holds a shell's own operators (`|`, `&&`, `>`, `*`) a shell reads it. */
export function commandToArgv(command: string | string[], env: NodeJS.ProcessEnv): string[] {
  if (Array.isArray(command)) return command.map(String);
  const parts = splitWords(command, (name: string) => env[name] ?? '').filter((part) => typeof part === 'string' || !('comment' in part));
  if (parts.every((part) => typeof part === 'string') && !/^\s*\w+=/.test(command)) return parts;
  return process.platform === 'win32' ? ['cmd', '/d', '/s', '/c', command] : ['/bin/sh', '-c', command];
}

function environmentOf(options: LaunchOptions, around: Surroundings, cwd: string): NodeJS.ProcessEnv {
  const env = { ...around.env };
  for (const file of options.envFile === undefined ? [] : [options.envFile].flat()) {
    const path = isAbsolute(file) ? file : resolve(cwd, file);
    try {
      Object.assign(env, parseEnvFile(readFileSync(path)));
    } catch (error) {
      throw new HumanError(`The environment file ${path} can't be read (${codeOf(error) ?? String(error)}). Correct "envFile" in the launch configuration or make the file.`);
    }
  }
  for (const [name, value] of Object.entries(options.env ?? {})) {
    if (value === null) delete env[name];
    else env[name] = String(value);
  }
  return env;
}

function checkScript(path: string, cwd: string): string {
  const full = isAbsolute(path) ? path : resolve(cwd, path);
  try {
    accessSync(full, constants.R_OK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new HumanError(`The program ${full} does not exist. Correct "program" in the launch configuration.`, 127);
    throw new HumanError(`The program ${full} can't be read (${codeOf(error) ?? String(error)}). Check its permissions.`, 126);
  }
  return path;
}

function argvOf(options: LaunchOptions, around: Surroundings, cwd: string, env: NodeJS.ProcessEnv): string[] {
  const args = wordsOf(options.args, env);
  if (options.command !== undefined) {
    const argv = commandToArgv(options.command, env);
    if (!argv[0]) throw new HumanError('The command is empty. Write what is to be run, for example "npm test".');
    return [...argv, ...args];
  }
  const runtime = options.program === undefined ? undefined : runtimeOfFile(options.program);
  if (options.module !== undefined || options.python !== undefined || (runtime === 'python' && !options.runtimeExecutable)) {
    const entry = options.module !== undefined ? ['-m', options.module] : options.program !== undefined ? [checkScript(options.program, cwd)] : undefined;
    if (!entry) throw new HumanError('The launch configuration names no "program", "module" or "command".');
    return [...pythonOf(options, around, cwd, env), ...(options.pythonArgs ?? []), ...entry, ...args];
  }
  if (runtime === 'node' || options.runtimeExecutable) {
    const executable = options.runtimeExecutable ?? 'node';
    return [executable, ...(options.runtimeArgs ?? []), ...(options.program === undefined ? [] : [checkScript(options.program, cwd)]), ...args];
  }
  if (options.program !== undefined) return [checkScript(resolve(cwd, options.program), cwd), ...args];
  throw new HumanError('The launch configuration names nothing to run. Set "program" (a Python or Node file), "module" or "command".');
}

/** Resolves launch options. Throws {@link HumanError} for what can't be run, before anything is started. */
export function resolveLaunch(options: LaunchOptions, around: Surroundings): ResolvedLaunch {
  const cwd = resolve(around.folders[0] ?? process.cwd(), options.cwd ?? '.');
  checkFolder(cwd);
  const env = environmentOf(options, around, cwd);
  const argv = argvOf(options, around, cwd, env);
  checkProgram(argv, cwd, env);
  return { argv, cwd, env };
}

/** Refuses a working folder that is not there. */
export function checkFolder(cwd: string): void {
  let isFolder = false;
  try {
    isFolder = statSync(cwd).isDirectory();
  } catch {
    // Said below.
  }
  if (!isFolder) throw new HumanError(`The working folder ${cwd} does not exist. Correct "cwd".`);
}

export const notFound = (name: string): HumanError => new HumanError(`The program ${name} was not found. Check its name and PATH.`, 127);

/** Refuses a program that can't be executed, with the shell's exit status for the reason. */
export function checkProgram(argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv): void {
  const name = argv[0] ?? '';
  if (findProgram(name, cwd, env)) return;
  const path = resolve(cwd, name);
  let there = false;
  try {
    there = /[/\\]/.test(name) && statSync(path) !== undefined;
  } catch {
    // Not there.
  }
  if (there) throw new HumanError(`${path} is not executable. Make it so (chmod +x), or name its interpreter before it.`, 126);
  throw notFound(name);
}
