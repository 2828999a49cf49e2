import { closeSync, openSync, readSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Member } from '../../core/members';
import { isInner } from '../../core/namespaces';
import type { ProcessRef } from '../../core/events';
import { codeOf } from '../../core/errors';
import { hasOwnProc } from './linux/ownProc';
import { parseStat, type StatRow } from './linux/procText';
import { learnStarts, startElsewhere } from './starts';

export { bootClock, type BootClock } from './clock';

/** What has become of a process: it is there, it has ended (a zombie has), or its pid belongs to another one now. */
export type Presence = 'there' | 'gone' | 'reused';

/** `start` of a process on Linux as in {@link ProcessRef}; undefined when there is no such process, or no `/proc` to look into. */
export function readStart(pid: number): string | undefined {
  const row = readRow(pid);
  return row ? String(row.start) : undefined;
}

/** What names a process, also when its pid is another's later; without a `/proc` it is the pid alone. */
export function refOf(pid: number): ProcessRef {
  const start = readStart(pid);
  return start === undefined ? String(pid) : `${pid}.${start}`;
}

/** Whether the operating system here knows a member: not one of another host, nor one that is known by an inner pid alone. Elsewhere a pid may be anybody's. */
export const isHere = ({ host, id }: Pick<Member, 'host' | 'id'>): boolean => (host === null || host === hostname()) && !isInner(id);

/** Whether the process that `ref` names is there now (a zombie is not: it has ended). */
export const isSame = (ref: ProcessRef): boolean => presenceOf(ref) === 'there';

/** True while the process that `ref` names is in the process table, alive or a zombie. */
export function isListed(ref: ProcessRef): boolean {
  const start = ref.split('.')[1];
  if (!hasOwnProc()) return isSame(ref);
  return start === undefined ? exists(pidOf(ref)) : readStart(pidOf(ref)) === start;
}

/** What has become of the process that `ref` names. Where there is no `/proc`, its start is told by `ps` or PowerShell, to the second. */
export function presenceOf(ref: ProcessRef): Presence {
  return whileThere(ref, () => 'there');
}

/**
 * Acts on the process that `ref` names while it is known to be there, or tells what has become of it. On Linux a few microseconds lie
 * between the comparison of the start times and the act; only a pidfd, which Node does not have, would close that gap.
 */
export function whileThere<T extends string>(ref: ProcessRef, act: () => T): T | Exclude<Presence, 'there'> {
  if (hasOwnProc()) {
    const row = readRow(pidOf(ref));
    if (!row) return 'gone';
    if (String(row.start) !== ref.split('.')[1]) return 'reused';
    return row.state === 'Z' && row.threads <= 1 ? 'gone' : act();
  }
  const found = process.platform === 'linux' ? (exists(pidOf(ref)) ? 'there' : 'gone') : elsewhere(ref);
  return found === 'there' ? act() : found;
}

/** The pid that a reference names, NaN where it names no process of this pid namespace. */
export const pidOf = (ref: ProcessRef): number => (/^\d+(\.m?\d+)?$/.test(ref) ? Number.parseInt(ref, 10) : Number.NaN);

/** Whether the pid is anybody's: the cheapest of all questions. A zombie's is. */
export function exists(pid: number): boolean {
  try {
    // eslint-disable-next-line no-restricted-syntax -- a question, no signal
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

const buffer = Buffer.allocUnsafeSlow(2048);

/** The row of a process in `/proc`; undefined where there is none. */
export function readRow(pid: number): StatRow | undefined {
  if (!hasOwnProc()) return undefined;
  let fd: number | undefined;
  try {
    fd = openSync(`/proc/${pid}/stat`, 'r');
    return parseStat(buffer, readSync(fd, buffer, 0, buffer.length, 0));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** A probe took its stamp when it loaded, so its process had started by then, and a later owner of the pid had not. */
function elsewhere(ref: ProcessRef): Presence {
  const stamp = /\.m(\d+)$/.exec(ref);
  // Nothing but its pid is known: what `ps` says would add nothing.
  if (!stamp) return exists(pidOf(ref)) ? 'there' : 'gone';
  const startedAt = startElsewhere(pidOf(ref));
  if (startedAt === undefined) return 'gone';
  return startedAt <= Number(stamp[1]) + 1000 ? 'there' : 'reused';
}

/** Makes what {@link presenceOf} has to know of processes known, so that they need not wait for another program to tell it. */
export async function learn(refs: readonly ProcessRef[]): Promise<void> {
  if (process.platform !== 'linux') await learnStarts(refs.filter((ref) => ref.includes('.m')).map(pidOf));
}
