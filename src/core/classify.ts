import { entry, isCommandShell, isPython, isShellName, program, type Entry } from './interpreters';
import { baseName } from './paths';
import { lastCommand, scriptOfVersionManager } from './wrappers';

/**
 * What a command line says about a process: what to call it, and whether a runtime, a shell or a package manager
 * started it for itself. Used for members with and without a probe.
 */

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
  const [, part] = (found.kind === 'module' ? /^debugpy\.(adapter|launcher)$/ : /\/debugpy\/(adapter|launcher)\/?(?:__main__\.py)?$/).exec(path) ?? [];
  return part === undefined ? runner(baseName(path), found.rest) : `debug ${part}`;
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

/** A shell's helpers: a command that a program gave it, or a version manager's script. */
function shellHelper(argv: readonly string[]): string | undefined {
  if (isCommandShell(argv)) return program(argv);
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
