import { readlinkSync } from 'node:fs';
import { readProc } from './procFile';
import { parseNamespacePids } from './procText';

/** Which pids this process and its `/proc` speak of: see pid_namespaces(7). */

const once = <T>(find: () => T): (() => T) => {
  let found: { value: T } | undefined;
  return () => (found ??= { value: find() }).value;
};

/** The pid namespace of a process: the inode that `/proc/<pid>/ns/pid` names; undefined where it can't be read. */
export function pidNamespaceOf(pid: number | 'self'): string | undefined {
  try {
    return /\d+/.exec(readlinkSync(`/proc/${pid}/ns/pid`))?.[0];
  } catch {
    return undefined;
  }
}

/** The pid namespace of this process. */
export const ownPidNamespace = once(() => (process.platform === 'linux' ? pidNamespaceOf('self') : undefined));

/** The pids of a process, outermost first: in the namespace that `/proc` shows, and in each one below it down to its own. */
export function namespacePidsOf(pid: number | 'self'): number[] {
  return parseNamespacePids(readProc(`/proc/${pid}/status`)?.toString('latin1') ?? '');
}

/**
 * Whether there is a `/proc`, and its numbers are those of this process's own pid namespace. Below `unshare --pid` without a
 * mount of its own, `/proc/5` is another process than the one that `kill(5)` reaches: then nothing may be read there by a pid.
 */
export const hasOwnProc = once(() => {
  if (process.platform !== 'linux') return false;
  const pids = namespacePidsOf('self');
  // Before Linux 4.1 the line is not there.
  const shown = pids.length ? pids : [parseInt(readProc('/proc/self/stat')?.toString('latin1') ?? '', 10)];
  return shown.length === 1 && shown[0] === process.pid;
});
