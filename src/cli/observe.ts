import { HumanError } from '../core/errors';
import type { ProcessRef } from '../core/events';
import type { Report } from '../core/report';
import { guardRun } from '../launch/runGuard';
import { Observer } from '../observe/observer';
import { allEnded, ownRef } from '../launch/launcher';
import { isObserved, succeed, withdraw } from '../launch/succession';
import { EventFile } from '../observe/record/eventFile';
import { readDescription, writeDescription, type RunDescription } from '../observe/record/runDirectory';
import { isHere } from '../observe/system/identity';
import { isLiveRecord } from '../observe/record/origin';
import { readRun } from '../observe/record/readRun';

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
  /** the record does not tell of the root */
  isUntold: boolean;
}

/** What is to be observed in a run directory; undefined when somebody does already, nobody lives, or the record is none that may be gone on with. */
function unobserved(run: string): Unobserved | undefined {
  const description = readDescription(run);
  if (!description) throw new HumanError(`${run} is no run directory (it has no run.json).`);
  if (!isLiveRecord(run, description) || isObserved(run)) return undefined;
  const { state, report } = readRun(run);
  // A launcher that was killed at the very start may have had no time to tell of the root.
  const root = state.root?.value ?? report.members.find(isHere)?.id;
  return root === undefined || state.end?.value === allEnded ? undefined : { description, root, isUntold: state.root === undefined };
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
  const { description, root, isUntold } = found;
  const id = ownRef();
  if (!succeed(run, id)) return undefined;
  writeDescription(run, { ...description, root, observer: id });
  const file = new EventFile(run, 'observer', id);
  if (isUntold) file.write({ e: 'root', t: Date.now(), child: root });
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
