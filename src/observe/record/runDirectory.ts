import { randomBytes } from 'node:crypto';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf, HumanError } from '../../core/errors';
import type { ProcessRef } from '../../core/events';
import type { Origin } from './origin';
import { isOwnFolder, isPrivateFolder, replaceFile } from './ownFiles';
import { readRegular, readRegularLater } from './regularFile';

/**
 * The run directory: everything that is known of one run, as files.
 *
 * `run.json` describes it, `events/*.ndjson` hold the events (one file a process), `out/` what the program printed,
 * `live.ndjson` the newest numbers of the living members, `watch/` the leases of those who look.
 */
export interface RunDescription {
  schema: 'procession.run/1';
  id: string;
  command: string[];
  cwd: string;
  startedAt: number;
  /** who observes: the launcher, or the process that took over from it */
  observer: ProcessRef | null;
  /** the first process of the run, once it has been started */
  root?: ProcessRef;
  /** where its processes are; absent in records of older versions */
  origin?: Origin;
  /** the launch configuration as the person wrote it, so that the run can be started again */
  configuration?: Record<string, unknown>;
  name?: string;
  /** the folder that the window had open, so that a reloaded window finds its runs */
  workspace?: string;
  console?: 'integratedTerminal' | 'internalConsole' | 'externalTerminal';
}

export const eventsOf = (run: string): string => join(run, 'events');
export const outputsOf = (run: string): string => join(run, 'out');
export const watchersOf = (run: string): string => join(run, 'watch');
export const liveOf = (run: string): string => join(run, 'live.ndjson');
const descriptionOf = (run: string): string => join(run, 'run.json');

/** Less free space than this in a memory file system (a container's may be 64 MB in all) and the run goes to disk. */
const leastFree = 48 * 1024 * 1024;

function usable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize > leastFree;
  } catch {
    return false;
  }
}

/** The name of the user's own folder in one that everybody may write to. */
const ownName = (): string => `procession-${process.getuid?.() ?? 0}`;

/** Makes the user's own folder in a folder that everybody may write to; undefined when somebody else has taken its name, which is public. */
function claimFolder(parent: string): string | undefined {
  const folder = join(parent, ownName());
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (!isOwnFolder(folder)) return undefined;
    if (!isPrivateFolder(folder)) chmodSync(folder, 0o700);
  }
  return folder;
}

/** The user's folders in a folder where the usual name was taken; the rest of their names is random. */
function spareFolders(parent: string): string[] {
  const names = existsSync(parent) ? readdirSync(parent).filter((name) => name.startsWith(`${ownName()}-`)) : [];
  return names.sort().map((name) => join(parent, name)).filter(isPrivateFolder);
}

/** The user's own folder in a folder that everybody may write to, the same one each time. */
export const ownFolder = (parent: string): string => claimFolder(parent) ?? spareFolders(parent)[0] ?? mkdtempSync(join(parent, `${ownName()}-`));

/** Memory file systems that may hold the user's folder of live runs (25 µs a new file against 250 µs on disk), the best first. */
const memoryFolders = ({ XDG_RUNTIME_DIR }: NodeJS.ProcessEnv): string[] => (process.platform === 'linux' ? ['/dev/shm', ...(XDG_RUNTIME_DIR ? [XDG_RUNTIME_DIR] : [])] : []);

/** The folder of live runs that `PROCESSION_RUNS` names. Throws {@link HumanError} where it is another user's, who could take away and replace what is in it. */
function chosenRunsFolder(chosen: string): string {
  mkdirSync(chosen, { recursive: true, mode: 0o700 });
  const folder = realpathSync(chosen);
  if (!isOwnFolder(folder)) throw new HumanError(`PROCESSION_RUNS names ${chosen}, which belongs to another user. Name a folder of your own.`);
  return folder;
}

/** Where live runs lie, without links, as it stands in the mark of their members: in a memory file system where there is one, else in the temporary folder. */
export function liveRunsFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.PROCESSION_RUNS) return chosenRunsFolder(environment.PROCESSION_RUNS);
  for (const parent of memoryFolders(environment).filter(usable)) {
    const folder = claimFolder(parent);
    if (folder !== undefined) return realpathSync(folder);
  }
  return realpathSync(ownFolder(tmpdir()));
}

/** All folders in which live runs of this user may lie: the best one may have had no room for a while, or its name may have been taken. */
export function liveRunsFolders(environment: NodeJS.ProcessEnv = process.env): string[] {
  const all = environment.PROCESSION_RUNS ? [] : [...memoryFolders(environment), tmpdir()].flatMap((parent) => [join(parent, ownName()), ...spareFolders(parent)]).filter(isPrivateFolder);
  return [...new Set([liveRunsFolder(environment), ...all.map((folder) => realpathSync(folder))])];
}

/** A run id: sorts by time, is a file name everywhere. */
export function newRunId(now: number): string {
  const stamp = new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `${stamp}-${randomBytes(3).toString('hex')}`;
}

/** Takes a folder for records: closes one of this user's to all others. Throws {@link HumanError} where it is another user's, or can't be closed. */
export function takeFolder(path: string): void {
  refuseForeign(path);
  close(path);
}

function refuseForeign(path: string): void {
  const folder = realpathSync(path);
  if (!isOwnFolder(folder)) throw new HumanError(`${path} ${statSync(folder).isDirectory() ? 'belongs to another user, who could change what is written there' : 'is no folder'}. Name a new folder, or one of your own.`);
}

function close(path: string): void {
  const folder = realpathSync(path);
  if (isPrivateFolder(folder)) return;
  chmodSync(folder, 0o700);
  if (!isPrivateFolder(folder)) throw new HumanError(`${path} lies on a file system that can't close it to other users. Name a folder on another one.`);
}

/** Makes the folders of a run, readable by the user alone. `path` may exist if it is empty. */
export function createRunDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    refuseForeign(path);
    if (readdirSync(path).length > 0) throw new HumanError(`${path} is not empty. Name a new or an empty folder for the record.`);
    close(path);
    for (const folder of [eventsOf(path), outputsOf(path), watchersOf(path)]) mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (error instanceof HumanError) throw error;
    throw new HumanError(`The run directory ${path} can't be made (${codeOf(error) ?? String(error)}). Choose a folder that you may write to.`);
  }
}

/**
 * Removes a run directory or a folder of one. Processes that outlive the run may write there in this very moment: under
 * another name nobody finds it. What can't be removed is left for the next who makes room, and nobody is troubled with it.
 */
export function removeFolder(path: string): void {
  let place = `${path}.${process.pid}.removed`;
  try {
    renameSync(path, place);
  } catch {
    place = path;
  }
  // A file that was just being made when the folder got its other name is there after all the others have gone.
  for (let tries = 0; tries < 3; tries++) {
    try {
      rmSync(place, { recursive: true, force: true, maxRetries: 3, retryDelay: 10 });
      return;
    } catch {
      // It is not ours, or in use.
    }
  }
}

/** Replaces `run.json` in one step, so that a reader never sees half of it. */
export function writeDescription(run: string, description: RunDescription): void {
  replaceFile(descriptionOf(run), `${JSON.stringify(description, null, 1)}\n`);
}

function parseDescription(text: string): RunDescription | undefined {
  const value = JSON.parse(text) as Partial<RunDescription>;
  return value.schema === 'procession.run/1' && typeof value.id === 'string' && Array.isArray(value.command) ? (value as RunDescription) : undefined;
}

/** Reads `run.json`; undefined when the folder is no run directory. */
export function readDescription(run: string): RunDescription | undefined {
  try {
    return parseDescription(readRegular(descriptionOf(run)));
  } catch {
    return undefined;
  }
}

/** Whether a folder is what a process has left half moved or half removed; its number is that of the process. */
export const isLeftover = (name: string): boolean => /\.\d+\.(new|removed)$/.test(name);

/** This user's run directories in a folder with their descriptions, oldest first; nobody waits for the disk meanwhile. */
export async function describeRuns(folder: string): Promise<{ directory: string; description: RunDescription }[]> {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(names.filter((name) => !isLeftover(name)).sort().map(async (name) => {
    const directory = join(folder, name);
    if (!isOwnFolder(directory)) return undefined;
    const description = await readRegularLater(descriptionOf(directory)).then(parseDescription).catch(() => undefined);
    return description && { directory, description };
  }));
  return found.filter((run) => run !== undefined);
}

/** This user's run directories in a folder, oldest first. */
export function listRuns(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !isLeftover(name)).sort().map((name) => join(folder, name)).filter((path) => isOwnFolder(path) && readDescription(path) !== undefined);
  } catch {
    return [];
  }
}
