import { parse as parseEnvFile } from 'dotenv';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { extname, isAbsolute, resolve } from 'node:path';
import { parse as splitWords } from 'shell-quote';
import { codeOf, HumanError } from '../core/errors';
import type { LaunchOptions, ResolvedLaunch } from './options';
import { findProgram, ownProgram, pythonFor, shellEnvironment, withPackages, type Surroundings } from './shell';

/** Turns what a person asked for into an argument list, a folder and an environment, or says what is wrong with it. */

const scripts: Record<string, 'python' | 'node'> = {
  '.py': 'python', '.pyw': 'python', '.js': 'node', '.cjs': 'node', '.mjs': 'node', '.ts': 'node', '.cts': 'node', '.mts': 'node',
};

/** The runtime that a file is run with, by its ending; undefined when it is neither Python's nor Node's. */
export function runtimeOfFile(path: string): 'python' | 'node' | undefined {
  return scripts[extname(path).toLowerCase()];
}

const firstOf = (python: LaunchOptions['python']): string | undefined => [python ?? []].flat()[0];

/** The interpreter: explicit, else the one of the folder. */
function pythonOf(options: LaunchOptions, around: Surroundings, cwd: string, env: NodeJS.ProcessEnv): string[] {
  const explicit = typeof options.python === 'string' ? [options.python] : options.python;
  const first = firstOf(explicit);
  if (explicit && first) {
    if (!findProgram(first, cwd, env)) throw new HumanError(`The Python interpreter ${first} was not found or is not executable. Correct "python" in the launch configuration.`, 127);
    return explicit;
  }
  const found = pythonFor(cwd, around, env);
  if (!found) throw new HumanError('No Python interpreter was found (no "python" in the launch configuration, no .venv, venv or env in the folder, no python3 or python on PATH). Install Python or set "python".', 127);
  return [found];
}

/** Arguments as a list; a string is split as a shell would. */
export function wordsOf(value: string[] | string | undefined, env: NodeJS.ProcessEnv): string[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.map(String);
  return splitWords(value, env).map((word) => (typeof word === 'string' ? word : 'pattern' in word ? word.pattern : 'op' in word ? word.op : ''));
}

const shell = process.platform === 'win32' ? ['cmd', '/d', '/s', '/c'] : ['/bin/sh', '-c'];

/** A command line as an argument list. Only where it holds what is a shell's own (`|`, `&&`, `>`, `*`, `~`, `X=1` before it) a shell reads it. */
export function commandToArgv(command: string | string[], env: NodeJS.ProcessEnv): string[] {
  if (Array.isArray(command)) return command.map(String);
  const parts = splitWords(command, (name: string) => env[name] ?? '').filter((part) => typeof part === 'string' || !('comment' in part));
  if (parts.every((part) => typeof part === 'string' && !part.startsWith('~')) && !/^\s*\w+=/.test(command)) return parts as string[];
  return [...shell, command];
}

function environmentOf(options: LaunchOptions, around: Surroundings, cwd: string): NodeJS.ProcessEnv {
  // An interpreter that is named by its path is run by its path: as in a shell, that activates nothing.
  const isNamed = options.command === undefined && /[/\\]/.test(firstOf(options.python) ?? '');
  const env = { ...(isNamed ? around.env : shellEnvironment(cwd, around)) };
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
    const [first, ...rest] = argv;
    if (!first) throw new HumanError('The command is empty. Write what is to be run, for example "npm test".');
    return [ownProgram(first, cwd, env), ...rest, ...args];
  }
  const runtime = options.program === undefined ? undefined : runtimeOfFile(options.program);
  if (options.module !== undefined || options.python !== undefined || (runtime === 'python' && !options.runtimeExecutable)) {
    const entry = options.module !== undefined ? ['-m', options.module] : options.program !== undefined ? [checkScript(options.program, cwd)] : undefined;
    if (!entry) throw new HumanError('The launch configuration names no "program", "module" or "command".');
    return [...pythonOf(options, around, cwd, env), ...(options.pythonArgs ?? []), ...entry, ...args];
  }
  if (runtime === 'node' || options.runtimeExecutable) {
    const executable = options.runtimeExecutable ? ownProgram(options.runtimeExecutable, cwd, env) : 'node';
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
  checkProgram(argv, cwd, env, notFoundAround);
  // A shell looks for the programs of its line by itself.
  const isLine = typeof options.command === 'string' && argv[0] === shell[0];
  return { argv, cwd, env: isLine ? withPackages(env, cwd) : env };
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

const notFoundAround = (name: string): HumanError => new HumanError(`The program ${name} was not found: not in the Python environment of the folder, not in node_modules/.bin, not on PATH. Check its name, or install it.`, 127);

/** Refuses a program that can't be executed, with the shell's exit status for the reason; `absent` says where it was looked for. */
export function checkProgram(argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv, absent = notFound): void {
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
  throw absent(name);
}
