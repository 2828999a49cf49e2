import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { codeOf } from '../../core/errors';
import { isSame } from '../system/identity';
import { replaceFile } from './ownFiles';
import { readRun } from './readRun';
import { readRegular } from './regularFile';
import { isLeftover, listRuns, readDescription, removeFolder } from './runDirectory';

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

/** Where the record of a run lies in a folder. */
export const placeOf = (run: string, folder: string): string => join(folder, basename(run));

/** Moves a run that has ended out of the memory file system; gives its new place. Another window may be doing the same. */
export function moveRun(run: string, folder: string): string {
  const place = placeOf(run, folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    renameSync(run, place);
  } catch (error) {
    if (codeOf(error) === 'EXDEV') copyRun(run, place);
    else if (!existsSync(place)) throw error;
  }
  replaceFile(sizeOf(place), String(bytesIn(place)));
  return place;
}

/** Holds the bytes of a run that will not change any more: there may be thousands of files. */
const sizeOf = (run: string): string => join(run, 'bytes');

/** Makes a copy that is there as a whole or not at all, then removes what was copied. */
function copyRun(run: string, place: string): void {
  const draft = `${place}.${process.pid}.new`;
  try {
    // A program may have put something else there, which is not copied.
    cpSync(run, draft, { recursive: true, filter: (path) => isPlain(path) });
    renameSync(draft, place);
  } catch (error) {
    removeFolder(draft);
    if (!existsSync(place)) throw error;
  }
  removeFolder(run);
}

function isPlain(path: string): boolean {
  const found = lstatSync(path);
  return found.isFile() || found.isDirectory();
}

function bytesIn(path: string): number {
  const found = lstatSync(path);
  return found.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + bytesIn(join(path, name)), 0) : found.size;
}

function bytesOf(run: string): number {
  try {
    return Number(readRegular(sizeOf(run)));
  } catch {
    return bytesIn(run);
  }
}

/** ms after which what a process has left half moved or half removed is nobody's any more */
const abandoned = 600_000;

function removeLeftovers(folder: string, now: number): void {
  const names = existsSync(folder) ? readdirSync(folder).filter(isLeftover) : [];
  for (const path of names.map((name) => join(folder, name))) {
    if (now - (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now) > abandoned) removeFolder(path);
  }
}

/** Removes the oldest runs of a folder that are more than is to be kept; never one that is live. Gives what was removed. */
export function pruneRuns(folder: string, keep: Keep, now: number): string[] {
  removeLeftovers(folder, now);
  const oldest = now - keep.days * 86_400_000;
  const removed: string[] = [];
  let runs = 0;
  let bytes = 0;
  for (const run of listRuns(folder).reverse()) {
    runs++;
    bytes += bytesOf(run);
    const startedAt = readDescription(run)?.startedAt ?? now;
    if (runs <= keep.runs && bytes <= keep.megabytes * 1024 * 1024 && startedAt >= oldest) continue;
    if (isLive(run)) continue;
    removeFolder(run);
    removed.push(run);
  }
  return removed;
}
