import { HumanError } from '../core/errors';
import { Observer } from '../launch/observer';
import { ownRef } from '../launch/launcher';
import { EventFile } from '../observe/eventFile';
import { readDescription, writeDescription } from '../observe/runDirectory';
import { isSame } from '../observe/identity';
import { rootOf } from '../observe/readRun';

/** Takes over the observation of a run whose launcher is gone. Returns undefined when somebody observes it already, or nobody lives. */
export function takeOver(run: string): { observer: Observer; file: EventFile } | undefined {
  const description = readDescription(run);
  if (!description) throw new HumanError(`${run} is no run directory (it has no run.json).`);
  if (description.observer !== null && isSame(description.observer)) return undefined;
  const root = rootOf(run);
  if (root === undefined) return undefined;
  const id = ownRef();
  writeDescription(run, { ...description, observer: id });
  const file = new EventFile(run, 'observer', id);
  return { observer: new Observer({ run, id, root }, file), file };
}

/** `procession observe DIR`: goes on observing, as a process of its own, after the launcher was killed. */
export async function observe(args: string[]): Promise<number> {
  const [run] = args;
  if (!run) throw new HumanError('procession observe needs a run directory.');
  const taken = takeOver(run);
  if (!taken) return 0;
  await taken.observer.allEnded();
  taken.file.write({ e: 'end', t: Date.now(), reason: 'all members ended' });
  taken.observer.close();
  const description = readDescription(run);
  if (description) writeDescription(run, { ...description, observer: null });
  return 0;
}
