import { entry, isPython, isShellName, program } from './interpreters';
import { baseName } from './paths';

/** Command lines that stand for another one: `env`, the shims of version managers, debuggers. */

/** Version managers: pyenv and those that were made after it. */
const versionManager = String.raw`/\.?(?:py|nod|rb|j|go|pl|php)env`;
/** Their dispatcher, by which a shim starts the program of its name. */
const dispatcher = new RegExp(String.raw`${versionManager}(?:/libexec/\w+env)?(-exec)?$`);
/** A script by which a version manager looks for the interpreter. */
export const scriptOfVersionManager = new RegExp(String.raw`${versionManager}/libexec/[\w-]+$`);

/** Options of env(1) that take the next word. */
const envValued = new Set(['-u', '--unset', '-C', '--chdir']);

/** The command that env(1) was given; an empty one where it only prints the environment. */
function afterEnv(argv: readonly string[]): readonly string[] {
  let at = 1;
  for (; /^-|^\w+=/.test(argv[at] ?? ''); at++) if (envValued.has(argv[at] ?? '')) at++;
  return argv.slice(at);
}

/** Options of `python -m debugpy` without a value; all others of two dashes take the next word. */
const debugpyFlags = new Set(['--wait-for-client', '--log-to-stderr', '--disable-sys-remote-exec', '--linux-attach-prefer-lldb']);

/** The command that a debugger of Python runs: pydevd, which it puts in front of children, and `python -m debugpy`. */
function afterDebugger(argv: readonly string[]): readonly string[] | undefined {
  const [python = ''] = argv;
  const found = entry(argv);
  if (found?.kind !== 'script' && found?.kind !== 'module') return undefined;
  const { kind, value, rest } = found;
  if (kind === 'script' && baseName(value) === 'pydevd.py') {
    const at = rest.indexOf('--file');
    return at < 0 ? undefined : [python, ...(rest.slice(0, at).includes('--module') ? ['-m'] : []), ...rest.slice(at + 1)];
  }
  if (!/(^|[\\/])debugpy([\\/]__main__\.py)?$/.test(value)) return undefined;
  let at = 0;
  while (rest[at]?.startsWith('--')) at += debugpyFlags.has(rest[at] ?? '') ? 1 : 2;
  return [python, ...rest.slice(at)];
}

/**
 * The command for which this one stands. `env` sets variables first and then becomes it by exec, the shims of version managers
 * are shell scripts that look for the program of their name, and a debugger runs it in its own process.
 */
export function lastCommand(argv: readonly string[]): readonly string[] {
  if (program(argv) === 'env') {
    const rest = afterEnv(argv);
    return rest.length > 0 ? lastCommand(rest) : argv;
  }
  if (isPython(program(argv))) return afterDebugger(argv) ?? argv;
  if (!isShellName(program(argv))) return argv;
  const [, script = '', ...rest] = argv;
  if (/\/shims\/[^/]+$/.test(script)) return [baseName(script), ...rest];
  const found = dispatcher.exec(script);
  if (found?.[1] !== undefined) return rest;
  return found && rest[0] === 'exec' ? rest.slice(1) : argv;
}

