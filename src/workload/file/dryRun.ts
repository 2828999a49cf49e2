import { HumanError } from '../../core/errors';
import { planOf } from '../run/plan';
import { openRows } from './rows';
import { earlierOf, type RunnerOptions } from '../run/runner';
import { Selection } from './selection';
import type { Workload } from '../workload';

/** The row of a number, as it is sent to a worker. */
export async function rowAt(workload: Workload, number: number): Promise<string> {
  let index = 0;
  for await (const chunk of openRows(workload.over, workload.directory).chunks) {
    const row = chunk[number - index];
    if (row !== undefined) return row;
    index += chunk.length;
  }
  throw new HumanError(`There is no row ${number}: there are ${index}, and the first is 0.`);
}

/** Tells what would run, a line of JSON a task, and starts nothing. Resolves to the exit status. */
export async function dryRun(workload: Workload, options: RunnerOptions, print: (text: string) => void): Promise<number> {
  const plan = planOf(workload, options);
  const earlier = options.resume ? earlierOf(workload, options.run, plan, options.resume) : undefined;
  const selection = new Selection(earlier, options.resume ?? { missing: true, failed: true }, workload.rerunOn.includes('args'), options.only);
  let index = 0;
  for await (const chunk of openRows(workload.over, workload.directory).chunks) {
    let text = '';
    for (const row of chunk) {
      const number = index++;
      if (selection.takes(number, row)) text += `{"index":${number},"row":${row}${plan.toMessage ? `,"argv":${plan.toMessage(row, number)}` : ''}}\n`;
    }
    if (text) print(text);
  }
  options.notice(`${index - selection.skipped - selection.left} of ${index} rows would run on ${workload.workers} workers.`);
  return 0;
}
