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

/** Helpers that Python starts for itself: multiprocessing's, concurrent.futures', joblib's and the debugger's. */
function pythonHelper(found: Entry): string | undefined {
  if (!found) return undefined;
  if (found.kind === 'code') {
    if (/multiprocessing\.(resource|semaphore)_tracker import main/.test(found.value)) return 'resource tracker';
    if (/multiprocessing\.forkserver import main/.test(found.value)) return 'fork server';
    if (/loky\.backend\.resource_tracker import main/.test(found.value)) return 'resource tracker';
    return undefined;
  }
  const path = found.value.replaceAll('\\', '/');
  return found.kind === 'module' ? (path === 'debugpy.adapter' ? 'debug adapter' : undefined) : /\/debugpy\/adapter\/?(__main__\.py)?$/.test(path) ? 'debug adapter' : undefined;
}

const packageManager = /(?:^|\/)(npm|npx|yarn|yarnpkg|pnpm|pnpx|corepack)(?:-cli)?(?:\.[cm]?js)?$/;

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

/** The name of a helper process, or undefined when the command line is that of somebody's own program. */
export function helperName(argv: readonly string[]): string | undefined {
  const name = program(argv);
  if (isShellName(name)) return helperShell(argv) ? name : undefined;
  // npm sets its process title, so that the command line reads "npm run start" as one word.
  const title = /^(npm|npx|yarn|pnpm) /.exec(argv[0] ?? '');
  if (title) return argv[0];
  if (packageManager.test(name)) return [name, ...argv.slice(1)].join(' ');
  return isPython(name) ? pythonHelper(entry(argv)) : nodeHelper(entry(argv));
}

/** What to call a process that has no name of its own: its script, its module, or its program. */
export function nameFromCommand(argv: readonly string[]): string {
  const helper = helperName(argv);
  if (helper) return helper;
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
