import { parseArgs } from 'node:util';
import { HumanError } from '../core/errors';
import { moveRun, pruneRuns } from '../observe/record/archive';
import { liveRunsFolders } from '../observe/record/runDirectory';

/**
 * `procession archive --to FOLDER --runs N --megabytes N --days N [RUN]`: moves the record of a run that has ended into a folder,
 * then removes what is more than is to be kept. A process of its own, because a window must not wait for so many files.
 */
export function archive(args: string[]): Promise<number> {
  const option = { type: 'string' } as const;
  const { values, positionals: [run] } = parseArgs({ args, options: { to: option, runs: option, megabytes: option, days: option }, allowPositionals: true });
  const { to, ...limits } = values;
  if (to === undefined) throw new HumanError('procession archive needs the folder: --to FOLDER.');
  const limit = (value = 'Infinity'): number => {
    // Nothing is more than what is no number: all would be removed.
    if (Number.isNaN(Number(value))) throw new HumanError(`${value} is no number. Correct the setting "procession.keepRuns".`);
    return Number(value);
  };
  const keep = { runs: limit(limits.runs), megabytes: limit(limits.megabytes), days: limit(limits.days) };
  if (run !== undefined) moveRun(run, to);
  for (const folder of [to, ...liveRunsFolders()]) pruneRuns(folder, keep, Date.now());
  return Promise.resolve(0);
}
