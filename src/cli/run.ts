import { closeSync, openSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, HumanError } from '../core/errors';
import { forTerminal } from '../core/escapes';
import type { Ending } from '../core/events';
import { shellStatus } from '../core/exits';
import type { Finding } from '../core/findings/finding';
import { isHang } from '../core/findings/rules';
import { renderFindings } from '../core/findings/text';
import type { Report } from '../core/report';
import { HangWatch } from '../insight/watch';
import { installProbes } from '../launch/environment';
import { Launcher, ownRef } from '../launch/launcher';
import type { Observer } from '../observe/observer';
import { ownFolder, ownOddEnvironment, ownPath, ownWords, resolveOwn } from '../launch/ownBytes';
import { stopRun } from '../launch/steer';
import { EventFile } from '../observe/record/eventFile';
import { readRun } from '../observe/record/readRun';
import { readableBytes } from '../observe/record/readable';
import { createRunDirectory, liveRunsFolder, newRunId, removeFolder } from '../observe/record/runDirectory';
import { parseOptions, splitCommand } from './arguments';
import { hostOf } from './hostOf';

const options = {
  report: { type: 'string' },
  record: { type: 'string' },
  'no-probe': { type: 'boolean' },
  poll: { type: 'string' },
  wait: { type: 'boolean' },
  'hang-after': { type: 'string' },
  'stop-on-hang': { type: 'boolean' },
  timeout: { type: 'string' },
} as const;

/** Time between looks at the process table when nothing else is said, in ms. */
const defaultPoll = 100;

/** Opened before the program starts: a report that can't be written is better known before than after. */
function reserve(file: string): void {
  try {
    closeSync(openSync(ownPath(file), 'w'));
  } catch (error) {
    throw new HumanError(`The report ${file} can't be written (${codeOf(error) ?? String(error)}). Name a file in a folder that you may write to.`);
  }
}

function writeReport(file: string, report: Report): void {
  try {
    writeFileSync(ownPath(file), `${JSON.stringify(report, null, 1)}\n`);
  } catch (error) {
    process.stderr.write(`procession: the report ${forTerminal(file)} could not be written (${codeOf(error) ?? String(error)})\n`);
  }
}

function pollOf(text: string | undefined): number {
  if (text === undefined) return defaultPoll;
  const poll = Number(text);
  if (!Number.isInteger(poll) || poll < 0 || poll > 60_000) throw new HumanError(`--poll takes whole milliseconds from 0 to 60000, not "${text}".`);
  return poll;
}

/** Exit status of a run that we have stopped, as of timeout(1). */
const stopped = 124;
/** seconds of quiet after which `--stop-on-hang` looks, when nothing else is said */
const usualQuiet = 10;
/** ms that members have to end after the first process */
const settling = 2_000;
/** ms that a run which is stopped has to end by SIGTERM */
const stopTimeout = 2_000;

function secondsOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 1e6)) throw new HumanError(`${option} takes seconds, more than 0, not "${text}".`);
  return seconds;
}

/** Watches a run for hangs and for its time limit, and stops it where that was asked for. */
class Guard {
  #observer: Observer | undefined;
  #watch: HangWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hung = false;
  /** why the run was stopped; undefined: it was not */
  reason: string | undefined;
  /** resolves when the stop is through */
  stopping: Promise<unknown> = Promise.resolve();

  constructor(private readonly run: string, private readonly limits: { hangAfter: number | undefined; stopOnHang: boolean; timeout: number | undefined }) {}

  observe(observer: Observer): void {
    this.#observer = observer;
    const { timeout } = this.limits;
    this.#startWatch();
    if (timeout !== undefined) this.#timer = setTimeout(() => this.#stop(`it ran for more than ${timeout} s`), timeout * 1_000);
  }

  #startWatch(): void {
    const { hangAfter, stopOnHang } = this.limits;
    const observer = this.#observer;
    this.#hung = false;
    if (hangAfter !== undefined && observer) {
      const found = (findings: readonly Finding[]): void => {
        if (findings.some(isHang)) void this.#stopHung();
      };
      this.#watch = new HangWatch(hostOf(this.run, observer), { after: hangAfter, ...(stopOnHang ? { found } : {}) });
    }
  }

  /** The run is about to be stopped, so what is asked now disturbs nobody. */
  async #stopHung(): Promise<void> {
    if (this.#hung) return;
    this.#hung = true;
    const findings = await this.#watch?.lookHarder();
    if (findings?.some(isHang)) this.#stop('it can\'t go on');
    else this.#startWatch();
  }

  #stop(reason: string): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.close();
    const file = new EventFile(this.run, 'stop', ownRef());
    this.stopping = stopRun({ file }, {
      signals: ['SIGTERM', 'SIGKILL'],
      timeout: stopTimeout,
      members: () => {
        this.#observer?.refresh();
        return this.#observer?.members() ?? [];
      },
      pause: (ms) => new Promise((done) => setTimeout(done, ms)),
    }, 'Stop').finally(() => file.close());
  }

  /** Waits a moment for members that end with the first process. */
  async settle(): Promise<void> {
    for (let waited = 0; waited < settling && (this.#observer?.live ?? 0) > 0; waited += 50) await new Promise((done) => setTimeout(done, 50));
  }

  /** The program has ended. */
  finish(): void {
    this.#watch?.finish();
  }

  close(): void {
    this.#watch?.close();
    clearTimeout(this.#timer);
  }
}

/** `procession run`: the program with its own stdin, stdout, stderr and exit status, observed. */
export async function run(args: string[]): Promise<number> {
  const { own, command } = splitCommand(args, options);
  const { values } = parseOptions(own, options);
  if (!command[0]) throw new HumanError('Name the command to run: procession run [options] -- COMMAND [ARGS…]');
  const poll = pollOf(values.poll);
  const stopOnHang = values['stop-on-hang'] ?? false;
  const hangAfter = secondsOf(values['hang-after'], '--hang-after') ?? (stopOnHang ? usualQuiet : undefined);
  const timeout = secondsOf(values.timeout, '--timeout');
  if (values.report !== undefined) reserve(values.report);
  const id = newRunId(Date.now());
  const words = ownWords(command);
  const folder = ownFolder();
  const place = values.record === undefined ? join(liveRunsFolder(), id) : resolveOwn(values.record);
  createRunDirectory(place);
  const directory = realpathSync(place);
  const guard = new Guard(directory, { hangAfter, stopOnHang, timeout });
  const launcher = new Launcher({
    run: directory, id, argv: words?.map(readableBytes) ?? command, cwd: folder.shown, env: process.env,
    own: { words, environment: ownOddEnvironment(), pathless: !folder.isPath }, output: 'inherit', copies: values.record !== undefined, poll,
    probes: values['no-probe'] ? undefined : installProbes(join(__dirname, 'probes')),
  }, (observer) => guard.observe(observer));
  try {
    const ending: Ending = await launcher.launch();
    if (values.wait) await launcher.allEnded();
    await guard.stopping;
    // What is about to end with the program is not left behind by it.
    if (values.report !== undefined) await guard.settle();
    guard.finish();
    return guard.reason === undefined ? shellStatus(ending, process.platform) : stopped;
  } finally {
    guard.close();
    // A last look, also without a report: the record says who was left.
    const report = (await launcher.report()) ?? readRun(directory).report;
    if (values.report !== undefined) writeReport(values.report, report);
    if (guard.reason !== undefined) process.stderr.write(`procession: the run was stopped: ${guard.reason}.\n\n${renderFindings(report.findings, Date.now())}\n`);
    launcher.close();
    if (values.record === undefined) removeFolder(directory);
  }
}
