import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessRef } from '../core/events';
import { EventFile } from '../observe/record/eventFile';
import { isSame } from '../observe/system/identity';
import { removeFile, replaceFile } from '../observe/record/ownFiles';
import { RunRecord } from '../observe/record/readRun';
import { readRegular } from '../observe/record/regularFile';
import { readDescription } from '../observe/record/runDirectory';
import type { LaunchOptions } from './options';
import { stopRun, stopSignalsOf } from './steer';

/**
 * What a run owes to the window it belongs to. The window says so in the run directory, and whoever observes the run (its
 * launcher, or an observer) sees to it when the window is gone, however it went:
 *
 * - `owner`: the run is stopped some seconds after its window is closed, unless a reloaded one takes it over;
 * - `debugger`: the window's debugger has started the root, and nobody is to go on without it;
 * - `follower`: the window attaches to new members, which wait for it before their first line: they go on.
 */
type Note = 'owner' | 'debugger' | 'follower';

const stageTimeout = 5;

function note(run: string, what: Note, text: string | undefined): void {
  try {
    if (text === undefined) removeFile(join(run, what));
    else replaceFile(join(run, what), text);
  } catch {
    // The run directory is gone or full: then the run lives on its own.
  }
}

function noted(run: string, what: Note): string[] {
  try {
    return readRegular(join(run, what)).split(' ');
  } catch {
    return [];
  }
}

/** Says which process the run must not outlive, and how many seconds each stage of its end then has; undefined: it lives on its own. */
export function setOwner(run: string, owner: ProcessRef | undefined, stopTimeout = stageTimeout): void {
  note(run, 'owner', owner === undefined ? undefined : `${owner} ${stopTimeout}`);
}

/** Says which process has the debugger that has started the root. */
export function setDebugger(run: string, window: ProcessRef): void {
  note(run, 'debugger', window);
}

/** Whether a debugger has started the root of a run, or is to start it. */
export const isDebugged = (run: string): boolean => noted(run, 'debugger').length > 0;

/** Says which process lets the members go on that wait for a debugger in the folder `waits`. */
export function setFollower(run: string, window: ProcessRef): void {
  note(run, 'follower', window);
}

/** Where new members wait for a debugger, a file each, as long as the folder is there. */
export const waitsOf = (run: string): string => join(run, 'waits');

const isGone = (ref: ProcessRef | undefined): boolean => ref !== undefined && ref !== '' && !isSame(ref);

/** The processes that a run is not to outlive. */
export const boundTo = (run: string): ProcessRef[] => (['owner', 'debugger'] as const).flatMap((what) => noted(run, what)[0] || []);

/** Whether a run is to end because what it belongs to is gone. */
export const isLeftBehind = (run: string): boolean => boundTo(run).some(isGone);

const lookEvery = 500;

/** ms that a window which is being reloaded has to come back. Nothing tells from outside whether it was reloaded or closed. */
const reloading = 15_000;

/** Sees to it until it is told not to. Returns what ends the guard. */
export function guardRun(run: string, self: ProcessRef): () => void {
  let goneAt: number | undefined;
  const timer = setInterval(() => {
    if (isGone(noted(run, 'follower')[0])) letGo(run);
    if (!isLeftBehind(run)) {
      goneAt = undefined;
      return;
    }
    goneAt ??= Date.now();
    if (Date.now() - goneAt < reloading && !isGone(noted(run, 'debugger')[0])) return;
    clearInterval(timer);
    // The run directory may go meanwhile, and then nobody may be ended by it.
    end(run, self).catch(() => undefined);
  }, lookEvery);
  return () => clearInterval(timer);
}

/** Who waits goes on, and nobody waits any more. */
export function letGo(run: string): void {
  try {
    rmSync(waitsOf(run), { recursive: true, force: true, maxRetries: 3, retryDelay: 10 });
  } catch {
    // Files are made there in this very moment: the next look takes it away.
    return;
  }
  note(run, 'follower', undefined);
}

async function end(run: string, self: ProcessRef): Promise<void> {
  const wanted = readDescription(run)?.configuration as LaunchOptions | undefined;
  const file = new EventFile(run, 'guard', self);
  const record = new RunRecord(run);
  await stopRun({ file }, {
    signals: stopSignalsOf(wanted),
    timeout: (wanted?.stopTimeout ?? (Number(noted(run, 'owner')[1]) || stageTimeout)) * 1_000,
    members: () => record.look().members,
    pause: (ms) => new Promise((done) => setTimeout(done, ms)),
  }, 'the editor has ended');
  record.close();
  file.close();
}
