import { HumanError } from '../core/errors';
import type { ProcessRef } from '../core/events';
import type { Report } from '../core/report';
import { guardRun } from '../launch/guard';
import { Observer } from '../launch/observer';
import { allEnded, ownRef } from '../launch/launcher';
import { EventFile } from '../observe/eventFile';
import { readDescription, writeDescription, type RunDescription } from '../observe/runDirectory';
import { isSame } from '../observe/identity';
import { isLiveRecord } from '../observe/origin';
import { readRun } from '../observe/readRun';

/** A run that this process observes now, until it lets go; `reason` is the last word of the record, if there is one. */
export interface TakenRun {
  observer: Observer;
  /** where it writes what it finds */
  file: EventFile;
  release(reason?: string): void;
}

/** A run that nobody observes any more though members of it may live, with its first process. */
interface Unobserved {
  description: RunDescription;
  root: ProcessRef;
}

/** What is to be observed in a run directory; undefined when somebody does already, nobody lives, or the record is none that may be gone on with. */
function unobserved(run: string): Unobserved | undefined {
  const description = readDescription(run);
  if (!description) throw new HumanError(`${run} is no run directory (it has no run.json).`);
  if (description.observer !== null && isSame(description.observer)) return undefined;
  if (!isLiveRecord(run, description)) return undefined;
  const { state } = readRun(run);
  const root = state.root?.value;
  return root === undefined || state.end?.value === allEnded ? undefined : { description, root };
}

/** What has become of the members of a run whose launcher is gone, by a look that writes nothing; undefined as with {@link takeOver}. */
export async function lookInto(run: string): Promise<Report | undefined> {
  const found = unobserved(run);
  if (!found) return undefined;
  const observer = new Observer({ run, id: ownRef(), root: found.root }, undefined);
  try {
    return await observer.report();
  } finally {
    observer.close();
  }
}

/** Takes over the observation of a run whose launcher is gone. Returns undefined when somebody observes it already, nobody lives, or the record is another's. */
export function takeOver(run: string): TakenRun | undefined {
  const found = unobserved(run);
  if (!found) return undefined;
  const { description, root } = found;
  const id = ownRef();
  writeDescription(run, { ...description, observer: id });
  const file = new EventFile(run, 'observer', id);
  const observer = new Observer({ run, id, root }, file);
  return {
    observer,
    file,
    release: (reason) => {
      if (reason !== undefined) file.write({ e: 'end', t: Date.now(), reason });
      observer.close();
      file.close();
      writeDescription(run, { ...description, observer: null });
    },
  };
}

/**
 * `procession observe DIR [--while REF]`: observes as a process of its own, after the launcher was killed or where a debugger
 * has started the program. With `--while` the run is ended when the process REF is no more.
 */
export async function observe(args: string[]): Promise<number> {
  const [run, flag, owner] = args;
  if (!run) throw new HumanError('procession observe needs a run directory.');
  const taken = takeOver(run);
  if (!taken) return 0;
  const unguard = guardRun(run, ownRef(), flag === '--while' ? owner : undefined);
  await taken.observer.allEnded();
  unguard();
  taken.release(allEnded);
  return 0;
}
