import { HumanError } from '../core/errors';
import { guardRun } from '../launch/runGuard';
import { Observer } from '../observe/observer';
import { allEnded, ownRef } from '../launch/launcher';
import { succeed, withdraw } from '../launch/succession';
import { EventFile } from '../observe/record/eventFile';
import { readDescription, writeDescription } from '../observe/record/runDirectory';
import { isHere } from '../observe/system/identity';
import { isHereAndNow, isOwnDirectory } from '../observe/record/origin';
import { readRun } from '../observe/record/readRun';

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
  // Its pids are those of another machine, boot or container; or who has written it is not us.
  if (!isOwnDirectory(run) || (description.origin && !isHereAndNow(run, description.origin))) return undefined;
  const { state, report } = readRun(run);
  // A launcher that was killed at the very start may have had no time to tell of the root.
  const root = state.root?.value ?? report.members.find(isHere)?.id;
  if (root === undefined || (state.end?.value === allEnded)) return undefined;
  const id = ownRef();
  if (!succeed(run, id)) return undefined;
  writeDescription(run, { ...description, root, observer: id });
  const file = new EventFile(run, 'observer', id);
  if (state.root === undefined) file.write({ e: 'root', t: Date.now(), child: root });
  const observer = new Observer({ run, id, root }, file);
  return {
    observer,
    file,
    release: (reason) => {
      if (reason !== undefined) file.write({ e: 'end', t: Date.now(), reason });
      observer.close();
      file.close();
      withdraw(run, id);
      writeDescription(run, { ...description, root, observer: null });
    },
  };
}

/** `procession observe DIR`: observes as a process of its own, after the launcher was killed or where a debugger has started the program. */
export async function observe(args: string[]): Promise<number> {
  const [run] = args;
  if (!run) throw new HumanError('procession observe needs a run directory.');
  const taken = takeOver(run);
  if (!taken) return 0;
  const unguard = guardRun(run, ownRef());
  await taken.observer.allEnded();
  unguard();
  taken.release(allEnded);
  return 0;
}
