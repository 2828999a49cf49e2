import { disguise, onRead } from './accessor';
import { os } from './builtins';
import { bare, ownGroup } from './identity';
import { record } from './journal';
import { quietly } from './quietly';
import { callers, siteOf } from './site';

interface Killer {
  _kill?: (pid: number, signal: number) => number;
}

let names: Map<number, string> | undefined;

function signalName(signal: number): string {
  names ??= new Map(Object.entries(os().constants.signals).map(([name, number]) => [number, name]));
  return names.get(signal) ?? String(signal);
}

/** Records a signal that the program sent by a call below which `below` stands. Signal 0 only asks, so it is none. */
export function recordSignal(to: string, signal: number, via: string, below: (...args: never[]) => unknown): void {
  if (signal === 0) return;
  record({ e: 'signal', to, signal: signalName(signal), via, site: siteOf(callers(below)) });
}

/** Observes the signals that this thread sends by `process.kill`. */
export function watchSignals(): void {
  const killer = process as unknown as Killer;
  const kill = killer._kill;
  if (typeof kill !== 'function') return;
  // process.kill() calls this one, and throws its error only after it has returned.
  const _kill = (pid: number, signal: number): number => {
    const tell = (): void => {
      const to = pid === 0 ? -(ownGroup() ?? NaN) : pid;
      if (to) recordSignal(bare(to), signal, 'process.kill', _kill);
    };
    const deadly = pid <= 0 || pid === process.pid;
    if (deadly) quietly(tell);
    const error = kill.call(process, pid, signal);
    if (!deadly && error === 0) quietly(tell);
    return error;
  };
  killer._kill = disguise(_kill, kill);
}

/**
 * Observes `process.abort` of the main thread. Node prints the stack of that call, in which a function
 * around it would stand, hence an accessor: who reads the property is about to call it.
 */
export function watchAbort(): void {
  onRead(process, 'abort', (reader) => void quietly(() => {
    const frames = callers(reader);
    // Node reads it for `import process from 'process'`.
    if (frames[0]?.file.startsWith('node:')) return;
    record({ e: 'signal', to: bare(process.pid), signal: 'SIGABRT', via: 'process.abort', site: siteOf(frames) });
  }));
}
