import { join } from 'node:path';
import type { ProcessRef } from '../core/events';
import { EventFile } from '../observe/eventFile';
import { isSame } from '../observe/identity';
import { removeFile, replaceFile } from '../observe/ownFiles';
import { readRun } from '../observe/readRun';
import { readRegular } from '../observe/regularFile';
import { readDescription } from '../observe/runDirectory';
import type { LaunchOptions } from './options';
import { stopRun, stopSignalsOf } from './steer';

/** A run that must not outlive the window it belongs to: the window says so in the run directory, the observer sees to it. */

const ownerOf = (run: string): string => join(run, 'owner');

const stageTimeout = 5;

/** Says which process the run must not outlive, and how many seconds each stage of its end then has; undefined: it lives on its own. */
export function setOwner(run: string, owner: ProcessRef | undefined, stopTimeout = stageTimeout): void {
  try {
    if (owner === undefined) removeFile(ownerOf(run));
    else replaceFile(ownerOf(run), `${owner} ${stopTimeout}`);
  } catch {
    // The run directory is gone or full: then the run lives on its own.
  }
}

function readOwner(run: string): { owner?: ProcessRef | undefined; stopTimeout: number } {
  try {
    const [owner, seconds] = readRegular(ownerOf(run)).split(' ');
    return { owner: owner || undefined, stopTimeout: Number(seconds) || stageTimeout };
  } catch {
    return { stopTimeout: stageTimeout };
  }
}

const lookEvery = 500;

/** ms that a window which is being reloaded has to come back. Nothing tells from outside whether it was reloaded or closed. */
const reloading = 15_000;

/**
 * Ends the run once its owner is no more: closed, or crashed. The owner is what `until` names, from whose end on nobody is waited
 * for, else what the run directory says. Returns what ends the guard.
 */
export function guardRun(run: string, id: ProcessRef, until?: ProcessRef): () => void {
  let goneAt: number | undefined;
  const timer = setInterval(() => {
    const owner = until ?? readOwner(run).owner;
    if (owner === undefined || isSame(owner)) {
      goneAt = undefined;
      return;
    }
    goneAt ??= Date.now();
    if (Date.now() - goneAt < (until === undefined ? reloading : 0)) return;
    clearInterval(timer);
    // The run directory may go meanwhile, and then nobody may be ended by it.
    void end(run, id).catch(() => undefined);
  }, lookEvery);
  return () => clearInterval(timer);
}

async function end(run: string, id: ProcessRef): Promise<void> {
  const wanted = readDescription(run)?.configuration as LaunchOptions | undefined;
  const file = new EventFile(run, 'guard', id);
  await stopRun({ file }, {
    signals: stopSignalsOf(wanted),
    timeout: (wanted?.stopTimeout ?? readOwner(run).stopTimeout) * 1_000,
    members: () => readRun(run).report.members,
    pause: (ms) => new Promise((done) => setTimeout(done, ms)),
  }, 'the editor has ended');
  file.close();
}
