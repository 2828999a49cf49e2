import { readdirSync, readFileSync } from 'node:fs';
import { systemUnits } from '../../observe/system/clock';
import { hasOwnProc } from '../../observe/system/linux/ownProc';

/** The memory of a process and all that it has started, on Linux. See proc(5). */

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It has ended meanwhile.
    return '';
  }
};

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** A process with its descendants, by the kernel's own lists of children: no look at all other processes is needed. */
function* familyOf(pid: number): Generator<number> {
  yield pid;
  for (const thread of threadsOf(pid)) for (const child of read(`/proc/${pid}/task/${thread}/children`).split(' ')) if (child) yield* familyOf(Number(child));
}

const sum = (pid: number, of: (member: number) => number): number => [...familyOf(pid)].reduce((total, member) => total + of(member), 0);
const resident = (pid: number, pageSize: number): number => Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * pageSize;
const proportional = (pid: number, pageSize: number): number => {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1];
  return kilobytes === undefined ? resident(pid, pageSize) : Number(kilobytes) * 1024;
};

let pageSize: number | undefined;

/**
 * The bytes that a process and its descendants hold, if that is more than `limit`; undefined otherwise. Resident sizes
 * count what a fork shares with its parent twice, so they only tell whether to ask for the share of each, which costs
 * the kernel a walk over all pages.
 */
export function footprintAbove(limit: number, pid: number): number | undefined {
  if (!hasOwnProc()) return undefined;
  const size = (pageSize ??= systemUnits().pageSize);
  if (sum(pid, (member) => resident(member, size)) <= limit) return undefined;
  const exact = sum(pid, (member) => proportional(member, size));
  return exact > limit ? exact : undefined;
}
