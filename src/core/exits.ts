import type { Ending, Runtime } from './events';

/** Where an exit is known from, the most trustworthy first; `unknown` carries the reason. */
export type ExitSource = 'parent' | 'launcher' | 'kernel' | 'self' | 'unknown';

/** How a member ended, in the numbers of its own world (see {@link toExit}). */
export interface Exit extends Ending {
  source: ExitSource;
  /** why nothing is known; only with source `unknown` */
  reason?: string;
}

/** signal(7), x86 and ARM. */
const linux: Record<string, number> = {
  SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGBUS: 7, SIGFPE: 8, SIGKILL: 9, SIGUSR1: 10, SIGSEGV: 11,
  SIGUSR2: 12, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15, SIGSTKFLT: 16, SIGCHLD: 17, SIGCONT: 18, SIGSTOP: 19, SIGTSTP: 20, SIGTTIN: 21,
  SIGTTOU: 22, SIGURG: 23, SIGXCPU: 24, SIGXFSZ: 25, SIGVTALRM: 26, SIGPROF: 27, SIGWINCH: 28, SIGIO: 29, SIGPWR: 30, SIGSYS: 31,
};

/** signal(3) of macOS, where it differs. */
const darwin: Record<string, number> = {
  ...linux, SIGBUS: 10, SIGUSR1: 30, SIGUSR2: 31, SIGURG: 16, SIGSTOP: 17, SIGTSTP: 18, SIGCONT: 19, SIGCHLD: 20, SIGIO: 23, SIGSYS: 12,
};

/** Number of a signal on a platform (`process.platform`); undefined for a name that it does not have. Real-time signals are `SIGRTMIN+n`. */
export function signalNumber(name: string, platform = 'linux'): number | undefined {
  const realTime = /^SIGRT(?:MIN)?\+?(\d+)?$/.exec(name);
  if (realTime) return 34 + Number(realTime[1] ?? 0);
  return (platform === 'darwin' ? darwin : linux)[name];
}

/** Name of a signal number on a platform. */
export function signalName(number: number, platform = 'linux'): string {
  const table = platform === 'darwin' ? darwin : linux;
  const name = Object.keys(table).find((key) => table[key] === number);
  return name ?? (number >= 34 ? `SIGRTMIN+${number - 34}` : `signal ${number}`);
}

/** An ending in the numbers of the member's own world: Python's exitcode is −n for signal n, everybody else has a null code and a name. */
export function toExit(ending: Ending, source: ExitSource, runtime: Runtime, platform?: string): Exit {
  if (ending.signal === null || runtime !== 'python') return { code: ending.code, signal: ending.signal, source };
  const number = signalNumber(ending.signal, platform);
  return { code: number === undefined ? null : -number, signal: ending.signal, source };
}

/** What a shell's `$?` would be: the code, or 128 + n for signal n. */
export function shellStatus(ending: Ending, platform?: string): number {
  if (ending.signal !== null) return 128 + (signalNumber(ending.signal, platform) ?? 0);
  return ending.code === null ? 1 : ending.code;
}

/** A signal in a word or two, as a person would say it. */
const meanings: Record<string, string> = {
  SIGHUP: 'terminal closed', SIGINT: 'interrupted', SIGQUIT: 'quit', SIGILL: 'illegal instruction', SIGTRAP: 'trap', SIGABRT: 'aborted',
  SIGBUS: 'bus error', SIGFPE: 'arithmetic error', SIGKILL: 'killed', SIGSEGV: 'segmentation fault', SIGPIPE: 'broken pipe',
  SIGALRM: 'alarm', SIGTERM: 'terminated', SIGXCPU: 'CPU time limit', SIGXFSZ: 'file size limit', SIGSYS: 'bad system call',
};

/** The plain meaning of a signal, or an empty string. */
export function signalMeaning(name: string): string {
  return meanings[name] ?? '';
}

/** The way a code is written: a true minus sign, `?` for unknown. */
export function formatCode(exit: Exit): string {
  if (exit.code !== null) return exit.code < 0 ? `−${-exit.code}` : String(exit.code);
  return exit.signal ? '' : '?';
}
