import { readdirSync } from 'node:fs';
import type { ProcessRef } from '../../../core/events';
import { hasOwnProc, namespacePidsOf } from './ownProc';
import { readRow, refOf } from '../identity';
import { readProc } from './procFile';
import { parseMark, type StatRow } from './procText';

/** How living processes descend from a run, as the operating system shows it at this moment. Linux only. */

/** What a run is known by. */
export interface Family {
  /** absolute path of the run directory, as it stands in the environment mark */
  directory: string;
  root: ProcessRef | undefined;
  /** who observes it, the launcher for instance */
  observer: ProcessRef | undefined;
}

/**
 * `descends`: from the root, or from a process that carries the run's mark. `orphan`: from nobody any more,
 * so that the system alone can't tell. `stranger`: from somebody who is not of the run.
 */
export type Descent = 'descends' | 'orphan' | 'stranger';

/** Whether a process was given the environment mark of a run at its last exec, or its ancestor before a fork. */
export function isMarked(pid: number, directory: string): boolean {
  const environment = readProc(`/proc/${pid}/environ`);
  return environment !== undefined && parseMark(environment)?.runDirectory === directory;
}

/** A process with all its ancestors: itself first, then up to pid 1. */
function* ancestry(pid: number): Generator<{ pid: number; row: StatRow }> {
  for (let at = pid; at > 0;) {
    const row = readRow(at);
    if (!row) return;
    yield { pid: at, row };
    at = row.ppid;
  }
}

/** The pids of a process and of all its ancestors, pid 1 among them. */
export function ancestorsOf(pid: number): Set<number> {
  return new Set([1, ...[...ancestry(pid)].map((one) => one.pid)]);
}

const pidIn = (ref: ProcessRef | undefined): number => parseInt(ref ?? '', 10);

/**
 * How a living process descends from a run. An orphan's parent is pid 1, or an ancestor that has asked for the orphans below it
 * (prctl(2), PR_SET_CHILD_SUBREAPER), so one of the observer's or, as a person's session has one reaper for all, of our own.
 */
export function descentOf(pid: number, family: Family): Descent {
  const rootStart = Number(family.root?.split('.')[1] ?? Number.NaN);
  for (const { pid: at, row } of ancestry(pid)) {
    const ref = `${at}.${row.start}`;
    if (ref === family.root || isMarked(at, family.directory)) return 'descends';
    if (at === 1) return 'orphan';
    if (!(row.start < rootStart)) continue;
    return at !== pid && [process.ppid, pidIn(family.observer)].some((one) => ancestorsOf(one).has(at)) ? 'orphan' : 'stranger';
  }
  // Its parent ended in this very moment.
  return 'orphan';
}

/**
 * The first process of a run of which somebody else tells the pid, a debugger for instance, who may have it from inside another pid
 * namespace. Undefined where no process with that pid, in whatever namespace, carries the run's mark.
 */
export function rootNamed(pid: number, directory: string): ProcessRef | undefined {
  if (!hasOwnProc()) return String(pid);
  if (isMarked(pid, directory)) return refOf(pid);
  const found = readdirSync('/proc').map(Number).find((other) => other > 0 && isMarked(other, directory) && namespacePidsOf(other).at(-1) === pid);
  return found === undefined ? undefined : refOf(found);
}
