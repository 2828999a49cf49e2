import { baseName } from './paths';

/** What the command lines of interpreters and shells say: which program it is, and what it was asked to run. */

/** The name of the program, without its folder. */
export const program = (argv: readonly string[]): string => baseName(argv[0] ?? '').replace(/^-/, '').replace(/\.exe$/i, '');

export const isPython = (name: string): boolean => /^(python|pypy)[\d.]*[a-z]?$/i.test(name);
const isNode = (name: string): boolean => /^(node|nodejs|electron|iojs)$/i.test(name);
export const isShellName = (name: string): boolean => /^(sh|bash|dash|zsh|ksh|ash|fish|busybox|cmd|powershell|pwsh)$/i.test(name);

/** True for the command line of a shell, whatever it runs. */
export const isShell = (argv: readonly string[]): boolean => isShellName(program(argv));

/** Options that take a value as their own argument, so that the value is not taken for the script (python(1), node(1)). */
const pythonValued = new Set(['-W', '-X', '--check-hash-based-pycs']);
const nodeValued = new Set([
  '-r', '--require', '--import', '--loader', '--experimental-loader', '-C', '--conditions', '--env-file', '--env-file-if-exists', '--title', '--input-type',
]);

export type Entry = { kind: 'script' | 'module'; value: string; rest: readonly string[] } | { kind: 'code'; value: string } | undefined;

/** What an interpreter was asked to run. */
export function entry(argv: readonly string[]): Entry {
  const name = program(argv);
  const python = isPython(name);
  if (isShellName(name)) {
    const script = argv.slice(1).find((arg) => !/^[-+]/.test(arg));
    return script === undefined || isCommandShell(argv) ? undefined : { kind: 'script', value: script, rest: [] };
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

/** A shell that was given a command to run, not a script of somebody's own. */
export const isCommandShell = (argv: readonly string[]): boolean => argv.slice(1).some((arg) => /^-[a-z]*c$/i.test(arg) || /^\/(c|d)$/i.test(arg));

/** The runtime that a command line starts, for members that no probe has entered. */
export function runtimeFromCommand(argv: readonly string[]): 'python' | 'node' | 'other' {
  const name = program(argv);
  return isPython(name) ? 'python' : isNode(name) ? 'node' : 'other';
}
