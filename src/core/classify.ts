import { baseName } from './paths';

/**
 * What a command line says about a process: what to call it, and whether a runtime, a shell or a package manager
 * started it for itself. Used for members with and without a probe.
 */

const program = (argv: readonly string[]): string => baseName(argv[0] ?? '').replace(/^-/, '').replace(/\.exe$/i, '');

const isPython = (name: string): boolean => /^(python|pypy)[\d.]*[a-z]?$/i.test(name);
const isNode = (name: string): boolean => /^(node|nodejs|electron|iojs)$/i.test(name);
const isShellName = (name: string): boolean => /^(sh|bash|dash|zsh|ksh|ash|fish|busybox|cmd|powershell|pwsh)$/i.test(name);

/** True for the command line of a shell, whatever it runs. */
export const isShell = (argv: readonly string[]): boolean => isShellName(program(argv));

/** Options that take a value as their own argument, so that the value is not taken for the script (python(1), node(1)). */
const pythonValued = new Set(['-W', '-X', '--check-hash-based-pycs']);
const nodeValued = new Set([
  '-r', '--require', '--import', '--loader', '--experimental-loader', '-C', '--conditions', '--env-file', '--env-file-if-exists', '--title', '--input-type',
]);

type Entry = { kind: 'script' | 'module'; value: string; rest: readonly string[] } | { kind: 'code'; value: string } | undefined;

/** What an interpreter was asked to run. */
function entry(argv: readonly string[]): Entry {
  const name = program(argv);
  const python = isPython(name);
  if (isShellName(name)) {
    const script = argv.slice(1).find((arg) => !/^[-+]/.test(arg));
    return script === undefined || helperShell(argv) ? undefined : { kind: 'script', value: script, rest: [] };
  }
  if (!python && !isNode(name)) return undefined;
  for (let i = 1; i < argv.length; i++) {
    const arg = argv[i] ?? '';
    const value = argv[i + 1] ?? '';
    if (python && /^-[a-zA-Z]*c$/.test(arg)) return { kind: 'code', value };
    if (python && /^-[a-zA-Z]*m$/.test(arg)) return { kind: 'module', value, rest: argv.slice(i + 2) };
    if (!python && /^(-e|--eval|-p|--print|-pe)$/.test(arg)) return { kind: 'code', value };
    if ((python ? pythonValued : nodeValued).has(arg)) i++;
    else if (!arg.startsWith('-') || arg === '-') return { kind: 'script', value: arg, rest: argv.slice(i + 1) };
  }
  return undefined;
}

/** The script that an interpreter runs. */
export function scriptOf(argv: readonly string[]): string | undefined {
  const found = entry(argv);
  return found?.kind === 'script' ? found.value : undefined;
}

/** Version managers: pyenv and those that were made after it. */
const versionManager = String.raw`/\.?(?:py|nod|rb|j|go|pl|php)env`;
/** Their dispatcher, by which a shim starts the program of its name. */
const dispatcher = new RegExp(String.raw`${versionManager}(?:/libexec/\w+env)?(-exec)?$`);
const scriptOfVersionManager = new RegExp(String.raw`${versionManager}/libexec/[\w-]+$`);

/** Options of env(1) that take the next word. */
const envValued = new Set(['-u', '--unset', '-C', '--chdir']);

/** The command that env(1) was given; an empty one where it only prints the environment. */
function afterEnv(argv: readonly string[]): readonly string[] {
  let at = 1;
  for (; /^-|^\w+=/.test(argv[at] ?? ''); at++) if (envValued.has(argv[at] ?? '')) at++;
  return argv.slice(at);
}

/**
 * The command that this one is about to become by exec: `env` sets variables first, and the shims of version managers
 * are shell scripts that look for the program of their name.
 */
function lastCommand(argv: readonly string[]): readonly string[] {
  if (program(argv) === 'env') {
    const rest = afterEnv(argv);
    return rest.length > 0 ? lastCommand(rest) : argv;
  }
  if (!isShellName(program(argv))) return argv;
  const [, script = '', ...rest] = argv;
  if (/\/shims\/[^/]+$/.test(script)) return [baseName(script), ...rest];
  const found = dispatcher.exec(script);
  if (found?.[1] !== undefined) return rest;
  return found && rest[0] === 'exec' ? rest.slice(1) : argv;
}

/** Programs that only ask about the system: libraries start them for themselves, in passing. */
const asks = new Set(['env', 'ps', 'pgrep', 'uname', 'arch', 'which', 'getconf', 'ldconfig', 'lscpu', 'nproc', 'sysctl', 'sw_vers', 'lsb_release']);

/** Programs that find the right surroundings and then start another one in them, by the words that follow their name. */
const runners: Record<string, readonly string[]> = {
  uv: ['run', 'tool'], uvx: [], poetry: ['run'], pipenv: ['run'], pdm: ['run'], hatch: ['run'], rye: ['run'], pixi: ['run'], pipx: ['run'],
  conda: ['run'], mamba: ['run'], micromamba: ['run'],
};

function runner(name: string, rest: readonly string[]): string | undefined {
  const words = Object.hasOwn(runners, name) ? runners[name] : undefined;
  return words && (words.length === 0 || words.includes(rest.find((word) => !word.startsWith('-')) ?? '')) ? [name, ...rest].join(' ') : undefined;
}

/** Helpers that Python starts for itself: multiprocessing's, concurrent.futures', joblib's and the debugger's; and runners in Python. */
function pythonHelper(found: Entry): string | undefined {
  if (!found) return undefined;
  if (found.kind === 'code') {
    if (/(multiprocess(ing)?\.(resource|semaphore)|loky\.backend\.resource)_tracker import main/.test(found.value)) return 'resource tracker';
    return /multiprocess(ing)?\.forkserver import main/.test(found.value) ? 'fork server' : undefined;
  }
  const path = found.value.replaceAll('\\', '/');
  const isAdapter = found.kind === 'module' ? path === 'debugpy.adapter' : /\/debugpy\/adapter\/?(__main__\.py)?$/.test(path);
  return isAdapter ? 'debug adapter' : runner(baseName(path), found.rest);
}

const packageManager = /(?:^|\/)(npm|npx|yarn|yarnpkg|pnpm|pnpx|corepack)(?:-cli)?(?:-[\d.]+)?(?:\.[cm]?js)?$/;

function nodeHelper(found: Entry): string | undefined {
  // js-debug's bootloader announces a process by a child of its own, and waits for it.
  if (found?.kind === 'code' && found.value.includes('process.env.NODE_INSPECTOR_IPC')) return 'debug announcer';
  if (found?.kind !== 'script') return undefined;
  const path = found.value.replaceAll('\\', '/');
  if (/js-debug.*\/watchdog(\.bundle)?\.js$/.test(path)) return 'debug watchdog';
  const manager = packageManager.exec(path);
  return manager ? [manager[1], ...found.rest].join(' ') : undefined;
}

/** A shell that was given a command to run, not a script of somebody's own. */
const helperShell = (argv: readonly string[]): boolean => argv.slice(1).some((arg) => /^-[a-z]*c$/i.test(arg) || /^\/(c|d)$/i.test(arg));

/** A shell's helpers: a command that a program gave it, or a version manager's script. */
function shellHelper(argv: readonly string[]): string | undefined {
  if (helperShell(argv)) return program(argv);
  const script = entry(argv);
  return script?.kind === 'script' && scriptOfVersionManager.test(script.value) ? baseName(script.value) : undefined;
}

/** The name of a helper process, or undefined when the command line is that of somebody's own program. */
export function helperName(shown: readonly string[]): string | undefined {
  const argv = lastCommand(shown);
  const name = program(argv);
  if (isShellName(name)) return shellHelper(argv);
  // npm sets its process title, so that the command line reads "npm run start" as one word.
  const title = /^(npm|npx|yarn|pnpm) /.exec(argv[0] ?? '');
  if (title) return argv[0];
  if (asks.has(name)) return name;
  if (packageManager.test(name)) return [name, ...argv.slice(1)].join(' ');
  return runner(name, argv.slice(1)) ?? (isPython(name) ? pythonHelper(entry(argv)) : nodeHelper(entry(argv)));
}

/** What to call a process that has no name of its own: its script, its module, or its program. */
export function nameFromCommand(shown: readonly string[]): string {
  const helper = helperName(shown);
  if (helper) return helper;
  const argv = lastCommand(shown);
  const found = entry(argv);
  if (!found) return program(argv) || 'process';
  if (found.kind === 'code') return `${program(argv)} ${isPython(program(argv)) ? '-c' : '-e'}`;
  return found.kind === 'script' ? baseName(found.value) : found.value;
}

/** The runtime that a command line starts, for members that no probe has entered. */
export function runtimeFromCommand(argv: readonly string[]): 'python' | 'node' | 'other' {
  const name = program(argv);
  return isPython(name) ? 'python' : isNode(name) ? 'node' : 'other';
}
