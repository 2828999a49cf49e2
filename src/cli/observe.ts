import { HumanError } from '../core/errors';
import { guardRun } from '../launch/guard';
import { Observer } from '../launch/observer';
import { allEnded, ownRef } from '../launch/launcher';
import { EventFile } from '../observe/eventFile';
import { readDescription, writeDescription } from '../observe/runDirectory';
import { isSame } from '../observe/identity';
import { isHereAndNow, isOwnDirectory } from '../observe/origin';
import { readRun } from '../observe/readRun';

/** A run that this process observes now, until it lets go; `reason` is the last word of the record, if there is one. */
export interface TakenRun {
  observer: Observer;
  /** where it writes what it finds */
  file: EventFile;
  release(reason?: string): void;
}

/** Takes over the observation of a run whose launcher is gone. Returns undefined when somebody observes it already, or nobody lives. */
export function takeOver(run: string): TakenRun | undefined {
  const description = readDescription(run);
  if (!description) throw new HumanError(`${run} is no run directory (it has no run.json).`);
  if (description.observer !== null && isSame(description.observer)) return undefined;
  // Its pids are those of another machine, boot or container; or who has written it is not us.
  if (!isOwnDirectory(run) || (description.origin && !isHereAndNow(run, description.origin))) return undefined;
  const { state } = readRun(run);
  const root = state.root?.value;
  if (root === undefined || (state.end?.value === allEnded)) return undefined;
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
