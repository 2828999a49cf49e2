import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { plural } from '../core/describe';
import { codeOf, HumanError, messageOf } from '../core/errors';
import { forTerminal, rowsForTerminal } from '../core/escapes';
import { reasonOf, takesNoMore, WriteError } from '../workload/journal/fileErrors';
import { exitStatus, type Outcomes } from '../workload/run/outcomes';
import { keptRuns } from '../workload/journal/oldRuns';
import { journalOf } from '../workload/protocol';
import { describeSummary } from '../workload/journal/summary';

const say = (text: string): void => void process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}procession: ${rowsForTerminal(text)}\n`);

/** What `map` tells a person on standard error. `quiet` hides progress, advice and the end of a run in which all went well; never an error. */
export class Messages {
  constructor(private readonly quiet: boolean) {}

  readonly notice = (text: string, isError = false): void => {
    if (isError || !this.quiet) say(text);
  };

  get showsProgress(): boolean {
    return process.stderr.isTTY && !this.quiet;
  }

  progress(line: string): void {
    process.stderr.write(`\r\x1b[K${forTerminal(line)}`);
  }

  /** Old journals that have made room. */
  removed(runs: string[]): void {
    if (!runs.length) return;
    const shown = runs.slice(0, 3).join(', ') + (runs.length > 3 ? ` and ${runs.length - 3} more` : '');
    this.notice(`Removed ${plural(runs.length, 'old journal')}: ${shown}. The newest ${keptRuns.runs} are kept, and for ${keptRuns.days} days those that took more than a minute. With --run DIR a journal is kept where you say.`);
  }

  outcomes(outcomes: Outcomes, run: string, summary: boolean): void {
    if (this.showsProgress) process.stderr.write('\r\x1b[K');
    const { state, failed } = outcomes;
    if (state === 'refused') say(outcomes.reason ?? 'The workload can\'t be run.');
    const isFull = !this.quiet && (process.stderr.isTTY || summary);
    if (state === 'done' && outcomes.rows === 0) this.notice('There are no rows: nothing was to be done.');
    if (isFull || failed || (state !== 'done' && (state !== 'refused' || outcomes.done))) say(endOf(outcomes, run));
    for (const line of failureLines(outcomes)) say(line);
    if (isFull && state !== 'refused') for (const line of describeSummary(outcomes.summary)) say(line);
  }
}

/** `halted (3 tasks failed); go on with --resume. 5 done, 3 failed. Journal: …` */
function endOf({ state, reason, done, failed, unkept, obstacle }: Outcomes, run: string): string {
  const counts = `${done} done, ${failed} failed${unkept ? ` (of which ${unkept} could not be kept, and run again)` : ''}`;
  if (state === 'refused') return `${counts} before that. Go on with --resume once it is corrected. Journal: ${journalOf(run)}`;
  const why = obstacle === 'unread' ? 'nobody reads standard output any more' : reason;
  const rest = state === 'done' ? '' : `${state}${why === undefined ? '' : ` (${why.replace(/\.$/, '')})`}; go on with --resume. `;
  return `${rest}${counts}. Journal: ${journalOf(run)}`;
}

/** Failed tasks that share their error are one line. */
function failureLines({ failures, failedBefore, failed }: Outcomes): string[] {
  const groups = new Map<string, number[]>();
  for (const { index, error: { type, message, file, line } } of failures) {
    const text = `${type}: ${(message.split('\n')[0] ?? '').slice(0, 200)}${file && line ? ` (${basename(file)}:${line})` : ''}`;
    groups.set(text, [...(groups.get(text) ?? []), index]);
  }
  const rowsOf = (rows: readonly number[]): string => `${rows.length === 1 ? 'row' : 'rows'} ${rows.join(', ')}`;
  const told = [...groups].map(([text, rows]) => `${rowsOf(rows)}: ${text}`);
  if (failedBefore.length) told.push(`${rowsOf(failedBefore)}: failed before; --retry-failed runs what has failed again`);
  const more = failed - failures.length - failedBefore.length;
  return more > 0 ? [...told, `and ${more} more: the results and the journal name them`] : told;
}

/** Throws where the system has handed on bytes that Node has already put U+FFFD for: in the arguments, or in the folder's name. */
export function refuseBrokenBytes(): void {
  if (process.argv.some((word) => word.includes('\ufffd')) && !isUtf8(given())) {
    throw new HumanError('An argument holds bytes that are no UTF-8, and would arrive changed. Put such names into a file, and use --lines FILE --encoding bytes; or find them with --glob.');
  }
  const folder = currentFolder();
  if (folder.includes('\ufffd') && !existsSync(folder)) throw new HumanError('The name of this folder holds bytes that are no UTF-8. Start the workload from another one.');
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    throw new HumanError('The folder in which this was started is gone. Change to another one.');
  }
}

function given(): Buffer {
  try {
    return readFileSync('/proc/self/cmdline');
  } catch {
    return Buffer.alloc(0);
  }
}

/** Tells why the command line ends before its time, in a line without a stack. Gives the exit status. */
export function tellEnd(error: unknown): number {
  const { path } = error as { path?: unknown };
  if (codeOf(error) !== undefined && typeof path === 'string') say(`${path}: ${reasonOf(error)}.`);
  else if (error instanceof HumanError) say(error.message);
  else return tellFault(error);
  return error instanceof WriteError || takesNoMore(error) ? exitStatus.unwritable : exitStatus.refused;
}

/** What only a mistake of ours brings about: a line for the person, and the stack in a file. */
function tellFault(error: unknown): number {
  const file = join(tmpdir(), `procession-fault-${process.pid}.txt`);
  let details = `Details are in ${file}.`;
  try {
    writeFileSync(file, `${process.argv.join(' ')}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`, { mode: 0o600, flag: 'wx' });
  } catch {
    details = '';
  }
  say(`A fault of Procession itself: ${messageOf(error)}. ${details} What is done is in the journal: go on with --resume.`);
  return exitStatus.fault;
}
