import { existsSync, mkdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { formatSeconds } from '../core/describe';
import { HumanError } from '../core/errors';
import { jsonForTerminal } from '../core/escapes';
import { installProbes, observedEnvironment } from '../launch/environment';
import { ownRef } from '../launch/launcher';
import { originOf } from '../observe/record/origin';
import { makeOwnFolder, removeFile } from '../observe/record/ownFiles';
import { createRunDirectory, eventsOf, liveOf, newRunId, readDescription, removeFolder, takeFolder, writeDescription } from '../observe/record/runDirectory';
import { usableCores } from '../workload/run/cores';
import { DaskHead } from '../workload/dask/daskHead';
import { dryRun, rowAt } from '../workload/file/dryRun';
import { reasonOf, takesNoMore, WriteError } from '../workload/journal/fileErrors';
import { claimRun, listRunsOf, releaseRun, ringBell, runnerOf, runsOf } from '../workload/journal/folders';
import { forgetOldRuns, keptRuns } from '../workload/journal/oldRuns';
import { statusOf } from '../workload/run/outcomes';
import { planOf } from '../workload/run/plan';
import { journalOf, logOf, shortageText, slotOf, type Progress } from '../workload/protocol';
import { Runner, type RunnerOptions } from '../workload/run/runner';
import type { Workload } from '../workload/workload';
import { mapOptions, mapUsage, parseMap, type MapRequest } from './mapArguments';
import { Messages, refuseBrokenBytes, tellEnd } from './mapMessages';

/** Bytes of results that may wait for who reads them. */
const mostUnread = 16 * 1024 * 1024;

interface Place {
  run: string;
  /** there is a journal to go on with */
  resumed: boolean;
  /** journal of the run before a new one */
  before: string | undefined;
}

/** Chooses the run directory: the newest one to resume, or a new one. */
function placeOf({ workload, identity, values }: MapRequest, messages: Messages): Place {
  const folder = runsOf(identity, process.env);
  const given = values.run === undefined ? undefined : resolve(values.run);
  // A window names the run that it is going to show; it lies among the others of the workload.
  const isOurs = given === undefined || dirname(given) === folder;
  const newest = given !== undefined && (!isOurs || existsSync(given)) ? given : listRunsOf(folder).at(-1);
  const again = values.resume === true || values['retry-failed'] === true || values.again === true;
  if (newest !== undefined && (again || given !== undefined)) refuseIfTaken(newest, runnerOf(newest));
  const before = newest !== undefined && existsSync(journalOf(newest)) ? newest : undefined;
  const workspace = process.env.PROCESSION_WORKSPACE;
  if (again && before !== undefined) {
    if (!values['dry-run']) {
      takeFolder(before);
      refuseIfTaken(before, claimRun(before, ownRef()));
      openAgain(before, workspace);
    }
    return { run: before, resumed: true, before: undefined };
  }
  const run = given ?? join(folder, newRunId(Date.now()));
  if (!values['dry-run']) {
    makeFolder(run);
    createRunDirectory(run);
    refuseIfTaken(run, claimRun(run, ownRef()));
    writeDescription(run, { schema: 'procession.run/1', id: basename(run), command: ['procession', 'map', identity], cwd: workload.directory, startedAt: Date.now(), observer: null, root: ownRef(), origin: originOf(run), name: nameOf(identity), ...(workspace === undefined ? {} : { workspace }) });
    if (isOurs) messages.removed(forgetOldRuns(process.env, keptRuns, Date.now()));
  }
  return { run, resumed: false, before: before === undefined ? undefined : journalOf(before) };
}

function makeFolder(run: string): void {
  try {
    mkdirSync(run, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (takesNoMore(error)) throw new WriteError(run, 'The folder of the journal', error);
    throw new HumanError(`The folder of the journal ${run} can't be made: ${reasonOf(error)}. Name another one with --run DIR.`);
  }
}

function refuseIfTaken(run: string, pid: number | undefined): void {
  if (pid !== undefined) throw new HumanError(`This workload is running (pid ${pid}, ${run}). Stop it first, or wait for its end.`);
}

/** `primes.workload.json` is shown as `primes`; what was given in one line by its words. */
const nameOf = (identity: string): string => (identity.endsWith('.workload.json') ? basename(identity, '.workload.json') : identity.slice(identity.indexOf(': ') + 2));

/** The journal goes on; events and numbers are those of processes that are gone, and a run has one root. */
function openAgain(run: string, workspace: string | undefined): void {
  removeFile(liveOf(run));
  removeFolder(eventsOf(run));
  makeOwnFolder(eventsOf(run));
  const description = readDescription(run);
  if (description) writeDescription(run, { ...description, startedAt: Date.now(), observer: null, root: ownRef(), origin: originOf(run), ...(workspace === undefined ? {} : { workspace }) });
}

/** The folder with the workers' code: beside the bundle, or in the sources. */
function workersFolder(): { workers: string; probes: string | undefined } {
  const shipped = join(__dirname, 'probes');
  if (!existsSync(join(shipped, 'workers'))) return { workers: join(__dirname, '..', 'probes', 'workers'), probes: undefined };
  const probes = installProbes(shipped);
  return { workers: join(probes, 'workers'), probes: existsSync(join(probes, 'node', 'probe.cjs')) ? probes : undefined };
}

/** Results and rows: a file gets them as they are, a terminal only what it does not obey. */
const print = (text: string): void => void process.stdout.write(process.stdout.isTTY ? jsonForTerminal(text) : text);

/** The line of progress on a terminal. */
export function progressLine({ done, failed, total, rate, etaSeconds, shortage, state }: Progress): string {
  const parts = [`${done + failed}/${total ?? '?'}`, ...(failed ? [`${failed} failed`] : []), `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s`];
  if (shortage) parts.push(shortageText(shortage));
  if (state === 'paused' || state === 'stopping') parts.push(state);
  else if (etaSeconds !== null) parts.push(`ETA ${formatSeconds(etaSeconds)}`);
  return parts.join(' · ');
}

/** Until what is returned is called: then signals end this process again. */
function followSignals(runner: Runner, messages: Messages): () => void {
  let asked = 0;
  const interrupted = (): void => {
    if (asked++) runner.stopNow();
    else {
      messages.notice('Stopping: what runs comes to its end. Once more to end it now.');
      runner.stop();
    }
  };
  const terminated = (): void => runner.stopNow();
  process.on('SIGINT', interrupted).on('SIGTERM', terminated).on('SIGHUP', terminated);
  return () => void process.off('SIGINT', interrupted).off('SIGTERM', terminated).off('SIGHUP', terminated);
}

async function carryOut(given: Workload, place: Place, request: MapRequest, messages: Messages): Promise<number> {
  const { values } = request;
  let workload = given;
  const { workers, probes } = workersFolder();
  const self = ownRef();
  const base = { ...process.env };
  delete base.ELECTRON_RUN_AS_NODE;
  delete base.PROCESSION_WORKSPACE;
  const env = probes === undefined || values['no-probe'] ? base : observedEnvironment(base, { run: place.run, probes, ancestor: self, keepOutput: false });
  const some = values['retry-failed'] === true || values.again === true;
  const wanted = { missing: values.resume === true || !some, failed: some, done: values.again === true };
  const options: RunnerOptions = {
    run: place.run, env, workers, self, notice: messages.notice, cpus: Array.from({ length: usableCores() }, (_, i) => i),
    begun: () => ringBell(process.env),
    resume: place.resumed ? wanted : undefined, only: rowNumbers(values.only), durationsFrom: place.before,
    print: workload.results === null && !values['no-print'] ? print : undefined,
    isHeldUp: () => process.stdout.writableLength > mostUnread,
  };
  if (values['dry-run']) return dryRun(workload, options, print);
  if (workload.engine.kind === 'dask') {
    const head = new DaskHead(planOf(workload, options).launch(0), slotOf(place.run, 0), logOf(place.run, 0));
    options.head = head;
    workload = { ...workload, workers: await head.slots };
  }
  return follow(new Runner(workload, options), place, values, messages);
}

function rowNumbers(text: string | undefined): Set<number> | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+(,\d+)*$/.test(text)) throw new HumanError(`--only takes numbers of rows, as --only 3,17, not "${text}".`);
  return new Set(text.split(',').map(Number));
}

async function follow(runner: Runner, place: Place, values: MapRequest['values'], messages: Messages): Promise<number> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') runner.leftByReader();
    else runner.cannotWrite(new WriteError('on standard output', 'The results', error));
  });
  const unfollow = followSignals(runner, messages);
  if (messages.showsProgress) runner.onProgress = (progress) => messages.progress(progressLine(progress));
  const outcomes = await runner.run();
  unfollow();
  releaseRun(place.run);
  messages.outcomes(outcomes, place.run, values.summary === true);
  return statusOf(outcomes);
}

async function map(argv: string[]): Promise<number> {
  refuseBrokenBytes();
  const request = parseMap(argv, usableCores());
  if (request.values.again && request.values.only === undefined) throw new HumanError('--again runs what has a result already: name the rows with --only. To run all of them, start the workload without it.');
  const shown = request.values['show-row'];
  if (shown !== undefined) {
    print(`${await rowAt(request.workload, Number(shown))}\n`);
    return 0;
  }
  const messages = new Messages(request.values.quiet === true);
  return carryOut(request.workload, placeOf(request, messages), request, messages);
}

/** `procession map FILE.workload.json`, or a workload in one line: see {@link mapOptions}. Resolves to the exit status. */
export async function runMap(argv: string[]): Promise<number> {
  if (argv.includes('--help') && !argv.slice(0, argv.indexOf('--help')).includes('--')) {
    process.stdout.write(mapUsage);
    return 0;
  }
  process.on('uncaughtException', (error) => process.exit(tellEnd(error)));
  try {
    return await map(argv);
  } catch (error) {
    return tellEnd(error);
  }
}

export { mapOptions };
