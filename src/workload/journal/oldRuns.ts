import { lstatSync, readdirSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Keep } from '../../observe/record/archive';
import { removeFolder } from '../../observe/record/runDirectory';
import { listAllRuns, readProgress, runnerOf } from './folders';

/** Runs of one workload that are kept. */
const ofOneWorkload = 5;
/** Of all workloads: so many of the newest, as long as they are not too large together. `days`: see {@link isWorthKeeping}. */
export const keptRuns: Keep = { runs: 50, megabytes: 2048, days: 14 };
/** ms of work that nobody wants to do twice. */
const worthwhile = 60_000;

function bytesIn(path: string): number {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found?.size ?? 0;
  return readdirSync(path).reduce((sum, name) => sum + bytesIn(join(path, name)), 0);
}

/** Whether `--resume` may be wanted: the newest run of its workload, not long ago, that took its time. */
function isWorthKeeping(run: string, days: number, now: number): boolean {
  const progress = readProgress(run);
  return progress !== undefined && progress.t - progress.startedAt >= worthwhile && now - progress.t < days * 86_400_000;
}

/**
 * Removes the journals that are more than is to be kept, of all workloads; never one that is in use, nor one that
 * {@link isWorthKeeping}. Gives what was removed.
 */
export function forgetOldRuns(env: NodeJS.ProcessEnv, keep: Keep, now: number): string[] {
  const all = listAllRuns(env).sort((a, b) => basename(b).localeCompare(basename(a)));
  const seen = new Map<string, number>();
  const removed: string[] = [];
  let [runs, bytes] = [0, 0];
  for (const run of all) {
    const workload = dirname(run);
    const newer = seen.get(workload) ?? 0;
    seen.set(workload, newer + 1);
    runs++;
    const isWithin = newer < ofOneWorkload && runs <= keep.runs && (bytes += bytesIn(run)) <= keep.megabytes * 1024 * 1024;
    if (isWithin || (newer === 0 && isWorthKeeping(run, keep.days, now)) || runnerOf(run) !== undefined) continue;
    removeFolder(run);
    removed.push(run);
  }
  for (const workload of seen.keys()) removeEmpty(workload);
  return removed;
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // There are runs in it.
  }
}
