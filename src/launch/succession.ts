import { linkSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../core/errors';
import type { ProcessRef } from '../core/events';
import { isSame } from '../observe/system/identity';
import { createFile, makeOwnFolder, removeFile } from '../observe/record/ownFiles';
import { readRegular } from '../observe/record/regularFile';
import { readDescription } from '../observe/record/runDirectory';

/**
 * Who observes a run after its launcher, one process at a time. The files `observers/1`, `observers/2`, … name them in their
 * order, and each can be made only once: of several windows that find the observer gone, one replaces it.
 */

const observersOf = (run: string): string => join(run, 'observers');
const nobody = 'nobody';

/** The newest entry: its number, and who it names. */
function newest(run: string): { number: number; observer: ProcessRef | undefined } {
  let numbers: number[] = [];
  try {
    numbers = readdirSync(observersOf(run)).map(Number).filter(Number.isInteger);
  } catch {
    // There is none yet.
  }
  if (numbers.length === 0) return { number: 0, observer: readDescription(run)?.observer ?? undefined };
  const number = Math.max(...numbers);
  const text = readRegular(join(observersOf(run), String(number)));
  return { number, observer: text === nobody ? undefined : text };
}

/** Makes a file with its text in one step; false where it is there already. */
function makeOnce(path: string, text: string): boolean {
  const draft = `${path}.${process.pid}`;
  try {
    createFile(draft, text);
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    removeFile(draft);
  }
}

/** Whether somebody observes a run. */
export function isObserved(run: string): boolean {
  const { observer } = newest(run);
  return observer !== undefined && isSame(observer);
}

/** Makes this process (`self`) the observer of a run. False where another one is it, or becomes it in this moment. */
export function succeed(run: string, self: ProcessRef): boolean {
  const { number, observer } = newest(run);
  if (observer !== undefined && isSame(observer)) return false;
  makeOwnFolder(observersOf(run));
  return makeOnce(join(observersOf(run), String(number + 1)), self);
}

/** Says that this process observes a run no longer. */
export function withdraw(run: string, self: ProcessRef): void {
  const { number, observer } = newest(run);
  if (observer === self) makeOnce(join(observersOf(run), String(number + 1)), nobody);
}
