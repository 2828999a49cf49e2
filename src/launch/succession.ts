import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../core/errors';
import type { ProcessRef } from '../core/events';
import { isSame } from '../observe/system/identity';
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
  const text = readFileSync(join(observersOf(run), String(number)), 'utf8');
  return { number, observer: text === nobody ? undefined : text };
}

/** Makes a file with its text in one step; false where it is there already. */
function makeOnce(path: string, text: string): boolean {
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Makes this process (`self`) the observer of a run. False where another one is it, or becomes it in this moment. */
export function succeed(run: string, self: ProcessRef): boolean {
  const { number, observer } = newest(run);
  if (observer !== undefined && isSame(observer)) return false;
  mkdirSync(observersOf(run), { recursive: true, mode: 0o700 });
  return makeOnce(join(observersOf(run), String(number + 1)), self);
}

/** Says that this process observes a run no longer. */
export function withdraw(run: string, self: ProcessRef): void {
  const { number, observer } = newest(run);
  if (observer === self) makeOnce(join(observersOf(run), String(number + 1)), nobody);
}
