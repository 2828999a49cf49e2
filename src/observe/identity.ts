import { closeSync, openSync, readSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ProcessRef } from '../core/events';
import { parseStat, type StatRow } from './procText';
import { learnStarts, startElsewhere } from './starts';

export { bootClock, type BootClock } from './clock';

/** What came of a signal. `reused`: the pid belongs to another process now; nothing was sent. */
export type SignalResult = 'sent' | 'gone' | 'reused' | 'denied';

type Miss = 'gone' | 'reused';

/** `start` of a process on Linux as in {@link ProcessRef}; undefined when there is no such process, or no `/proc`. */
export function readStart(pid: number): string | undefined {
  const row = process.platform === 'linux' ? withStat(pid, (found) => found) : undefined;
  return row ? String(row.start) : undefined;
}

/** What names a process, also when its pid is another's later; without a `/proc` it is the pid alone. */
export function refOf(pid: number): ProcessRef {
  const start = readStart(pid);
  return start === undefined ? String(pid) : `${pid}.${start}`;
}

/** Whether a process is on this host; `host` as it has told, null where it did not. Elsewhere a pid may be anybody's. */
export const isHere = (host: string | null): boolean => host === null || host === hostname();

/** Whether the process that `ref` names is there now (a zombie is not: it has ended). */
export function isSame(ref: ProcessRef): boolean {
  return process.platform === 'linux' ? onLinux(ref, () => 'same') === 'same' : elsewhere(ref) === 'same';
}

/**
 * Sends a signal to the very process that `ref` names, or to nobody. On Linux a few microseconds lie between the
 * comparison of the start times and the signal; only a pidfd, which Node does not have, would close that gap. Elsewhere
 * the start time is told by `ps` or PowerShell, to the second.
 */
export function sendSignal(ref: ProcessRef, signal: NodeJS.Signals | number): SignalResult {
  const kill = (): SignalResult => {
    try {
      process.kill(pidOf(ref), signal);
      return 'sent';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'gone' : 'denied';
    }
  };
  // kill(2) gives 0 and negative numbers, and every system gives pid 1, another meaning than "this process".
  if (!(pidOf(ref) > 1)) return 'denied';
  if (process.platform === 'linux') return onLinux(ref, kill);
  const found = elsewhere(ref);
  return found === 'same' ? kill() : found;
}

const pidOf = (ref: ProcessRef): number => (/^\d+(\.m?\d+)?$/.test(ref) ? Number.parseInt(ref, 10) : Number.NaN);

const buffer = Buffer.allocUnsafeSlow(2048);

function withStat<T>(pid: number, use: (row: StatRow) => T): T | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(`/proc/${pid}/stat`, 'r');
    const row = parseStat(buffer, readSync(fd, buffer, 0, buffer.length, 0));
    return row && use(row);
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function onLinux<T extends string>(ref: ProcessRef, act: () => T): T | Miss {
  const start = Number(ref.split('.')[1] ?? Number.NaN);
  return withStat(pidOf(ref), (row) => {
    if (row.start !== start) return 'reused';
    return row.state === 'Z' && row.threads <= 1 ? 'gone' : act();
  }) ?? 'gone';
}

/** A probe took its stamp when it loaded, so its process had started by then, and a later owner of the pid had not. */
function elsewhere(ref: ProcessRef): 'same' | Miss {
  const stamp = /\.m(\d+)$/.exec(ref);
  // Nothing but its pid is known: what `ps` says would add nothing.
  if (!stamp) return exists(pidOf(ref)) ? 'same' : 'gone';
  const startedAt = startElsewhere(pidOf(ref));
  if (startedAt === undefined) return 'gone';
  return startedAt <= Number(stamp[1]) + 1000 ? 'same' : 'reused';
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Makes what {@link isSame} and {@link sendSignal} have to know of processes known, so that they need not wait for another program to tell it. */
export async function learn(refs: readonly ProcessRef[]): Promise<void> {
  if (process.platform !== 'linux') await learnStarts(refs.filter((ref) => ref.includes('.m')).map(pidOf));
}
