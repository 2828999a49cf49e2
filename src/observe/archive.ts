import { cpSync, lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { codeOf } from '../core/errors';
import { isSame } from './identity';
import { readRun } from './readRun';
import { listRuns, readDescription, removeFolder } from './runDirectory';

/** What is kept of runs that have ended: the newest, as long as all three hold. */
export interface Keep {
  runs: number;
  megabytes: number;
  days: number;
}

/** True while somebody observes the run, or one of its members lives. */
export function isLive(run: string): boolean {
  const observer = readDescription(run)?.observer;
  if (observer && isSame(observer)) return true;
  return readRun(run).report.members.some((member) => member.endedAt === null && isSame(member.id));
}

/** A run that began longer ago than this (ms) is history: it is kept, but not shown in a new window. */
export const stillNews = 12 * 3_600_000;

/** Moves a run that has ended out of the memory file system; gives its new place. */
export function moveRun(run: string, folder: string): string {
  const place = join(folder, basename(run));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    renameSync(run, place);
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error;
    const draft = `${place}.new`;
    cpSync(run, draft, { recursive: true });
    renameSync(draft, place);
    removeFolder(run);
  }
  return place;
}

function bytesIn(path: string): number {
  const found = lstatSync(path);
  return found.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + bytesIn(join(path, name)), 0) : found.size;
}

/** Removes the oldest runs of a folder that are more than is to be kept; never one that is live. Gives what was removed. */
export function pruneRuns(folder: string, keep: Keep, now: number): string[] {
  const oldest = now - keep.days * 86_400_000;
  const removed: string[] = [];
  let runs = 0;
  let bytes = 0;
  for (const run of listRuns(folder).reverse()) {
    runs++;
    bytes += bytesIn(run);
    const startedAt = readDescription(run)?.startedAt ?? now;
    if (runs <= keep.runs && bytes <= keep.megabytes * 1024 * 1024 && startedAt >= oldest) continue;
    if (isLive(run)) continue;
    removeFolder(run);
    removed.push(run);
  }
  return removed;
}
