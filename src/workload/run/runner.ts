import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { HumanError, messageOf } from '../../core/errors';
import type { Ending, ProcessRef } from '../../core/events';
import { bootClock } from '../../observe/system/identity';
import { EventFile } from '../../observe/record/eventFile';
import { attentionOf } from '../../observe/record/lease';
import { replaceFile } from '../../observe/record/ownFiles';
import { readRegular } from '../../observe/record/regularFile';
import type { Rows } from './chunk';
import { serveControl } from './control';
import { freeMemory } from './cores';
import type { DaskHead } from '../dask/daskHead';
import { activityOf, Demand } from './demand';
import { durationsIn, Earlier, type ExpectedOf } from '../journal/earlier';
import { sizeOf, whyOf } from './endings';
import { FailedTasks } from '../journal/failedTasks';
import { WriteError } from '../journal/fileErrors';
import { Guard } from './respawnGuard';
import { HeldRows } from '../journal/spilledRows';
import { Journal } from '../journal/journal';
import { MemoryWatch } from './memoryWatch';
import { statusOf, type Outcomes } from './outcomes';
import { Outlet } from './resultSink';
import { planOf, type Plan, type Surroundings } from './plan';
import { journalOf, keptRow, logOf, progressOf, slotOf, workloadOf, type Control, type Progress, type Reply } from '../protocol';
import { Rate } from './rate';
import { openRows } from '../file/rows';
import { Scheduler } from './scheduler';
import { Selection, type Wanted } from '../file/selection';
import { Slowest, summaryOf } from '../journal/summary';
import { lossOf, takerOf, type Taker } from './taker';
import type { Workload } from '../workload';
import { workerProgress } from './workerProgress';
import { WorkerProcess, type Refused, type WorkerCallbacks } from './workerProcess';
import type { SlotContent, WorkerHandle, Outcome, State, TaskError, Result, Task } from '../task';

export interface RunnerOptions extends Surroundings {
  self: ProcessRef;
  /** go on where the journal of this run directory ends; undefined: a new run */
  resume?: Wanted | undefined;
  /** of the rows that `resume` lets run, these alone */
  only?: ReadonlySet<number> | undefined;
  /** journal of an earlier run: its longest tasks start first */
  durationsFrom?: string | undefined;
  /** gets the results as lines of JSON */
  print?: ((text: string) => void) | undefined;
  /** whether much of it waits for its reader: no task is started then, or it would fill the memory */
  isHeldUp?: () => boolean;
  /** the engine's head, where the work is done on a cluster */
  head?: DaskHead | undefined;
  /** called when others may look at the run */
  begun?: () => void;
  /** gets notices for the person; an error is told whatever else is not */
  notice: (text: string, isError?: boolean) => void;
  cpus?: readonly number[];
}

/** Rows are read ahead until this many wait, or so many characters of them. */
const [readAhead, readAheadCharacters] = [20_000, 16 << 20];
/** More rows than this are not sorted by what they took last time: they would have to lie in memory. */
const mostSorted = 1_000_000;
/** ms between frames, and between looks at what runs */
const frame = 100;
/** ms between frames while no window shows the run: to replace a file costs as much as to have a hundred tasks done */
const unseenFrame = 1_000;
/** ms after which a worker that is still importing is spoken of */
const longImport = 10_000;

/** Carries out one workload: reads rows, keeps workers busy, writes journal, results and progress. */
export class Runner {
  readonly #scheduler: Scheduler;
  readonly #plan: Plan;
  readonly #journal: Journal;
  readonly #outlet: Outlet;
  readonly #events: EventFile;
  readonly #guard: Guard;
  readonly #rows: Rows;
  readonly #taker: Taker;
  readonly #rate: Rate;
  readonly #workers = new Map<number, WorkerHandle>();
  readonly #failures = new FailedTasks();
  readonly #startedAt = Date.now();
  readonly #earlier: Earlier | undefined;
  readonly #selection: Selection;
  #index = 0;
  #total: number | null = null;
  #rowError: HumanError | undefined;
  #wake: (() => void) | undefined;
  #finish: ((outcomes: Outcomes) => void) | undefined;
  #control: { address: string | null; close: () => void } = { address: null, close: () => undefined };
  #timer: NodeJS.Timeout | undefined;
  #unwritable: WriteError | undefined;
  #unread = false;
  #noticed = false;
  #publishedAt = 0;
  #closing = false;
  readonly #slowest = new Slowest();
  readonly #memoryWatch: MemoryWatch | undefined;
  readonly #demand: Demand;
  readonly #longRows: HeldRows;

  constructor(readonly workload: Workload, private readonly options: RunnerOptions) {
    const { run, self, resume, only } = options;
    this.#plan = planOf(workload, options, options.cpus);
    this.#rows = openRows(workload.over, workload.directory);
    this.#taker = takerOf(workload.run);
    if (resume) this.#earlier = earlierOf(workload, run, this.#plan, resume);
    this.#selection = new Selection(this.#earlier, resume ?? { missing: true, failed: true }, workload.rerunOn.includes('args'), only);
    this.#outlet = new Outlet({ results: workload.results, order: workload.order, resumed: resume !== undefined, spill: `${journalOf(run)}.held` }, options.print);
    this.#journal = new Journal(journalOf(run));
    this.#longRows = new HeldRows(`${journalOf(run)}.rows`);
    this.#events = new EventFile(run, 'runner', self);
    this.#guard = new Guard(workload.grace * 1000);
    if (options.head) this.#hold(options.head);
    this.#rate = new Rate(this.#startedAt);
    this.#scheduler = new Scheduler(
      { ...workload, ownProcesses: this.#plan.ownProcesses, maxTasksPerWorker: workload.isolation === 'process' && !this.#plan.ownProcesses ? 1 : workload.maxTasksPerWorker },
      {
        start: (worker) => this.#start(worker),
        send: (worker, rows) => this.#workers.get(worker)?.send(`[${rows.join(',')}]`),
        close: (worker) => this.#workers.get(worker)?.close(),
        // Who takes too much memory is given no time to take more.
        kill: (worker, reason) => this.#workers.get(worker)?.kill(reason === 'memory' ? 0 : workload.grace * 1000),
        spare: (worker) => this.#workers.get(worker)?.spare(),
        done: (outcome, value) => this.#done(outcome, value),
        failed: (outcome, error, again) => this.#failed(outcome, error, again),
        mayStart: () => this.#mayStart(),
        finished: (state, reason) => void this.#finished(state, reason),
      },
      this.#startedAt,
    );
    // Of a process that is soon replaced, nothing can be told; a cluster has cores of its own.
    const isLasting = !options.head && workload.isolation !== 'process' && workload.maxTasksPerWorker === null;
    this.#demand = new Demand(workload.workers, isLasting ? (options.cpus?.length ?? Infinity) : Infinity);
    this.#scheduler.mayHave = this.#demand.allowed;
    const { perWorker } = workload.memory;
    // A cluster looks after its workers' memory itself.
    if (perWorker !== null && !options.head) this.#memoryWatch = new MemoryWatch(perWorker, this.#scheduler);
  }

  /** Resolves when all that can be done is done. Never rejects for what tasks do. */
  async run(): Promise<Outcomes> {
    const { run, self } = this.options;
    describe(this.workload, workloadOf(run));
    this.#journal.note({ e: 'open', t: this.#startedAt, code: this.#plan.code, runner: self, workers: this.workload.workers });
    this.#introduce();
    this.#control = await serveControl(run, (control) => this.#obey(control));
    const ended = new Promise<Outcomes>((resolve) => (this.#finish = resolve));
    this.#publish();
    this.options.begun?.();
    this.#timer = setInterval(() => this.#tick(), frame);
    void this.#read();
    return ended;
  }

  /** The runner as the root of a run, so that every face shows it with its workers. */
  #introduce(): void {
    const { run, self } = this.options;
    const t = this.#startedAt;
    this.#events.write({ e: 'run', t, run, command: process.argv, cwd: this.workload.directory, host: hostname(), platform: process.platform, ...bootClock() });
    this.#events.write({ e: 'root', t, child: self });
    this.#events.write({ e: 'start', t, ppid: process.ppid, runtime: 'node', version: process.versions.node, argv: process.argv, cwd: process.cwd(), name: 'workload' });
  }

  async #read(): Promise<void> {
    try {
      const expectedOf = this.#expectations();
      const sorted: Task[] = [];
      for await (const chunk of this.#rows.chunks) {
        // What is not read is no row that has gone.
        if (this.#closing || this.#scheduler.state === 'stopping') return;
        const tasks = this.#choose(chunk, expectedOf);
        this.#total = this.#rows.total();
        if (expectedOf && sorted.length < mostSorted) sorted.push(...tasks);
        else if (tasks.length) this.#scheduler.offer(tasks, this.#total, Date.now());
        while (this.#isReadAhead() && !this.#closing) await new Promise<void>((wake) => (this.#wake = wake));
      }
      this.#total = this.#index;
      // What has not been seen goes first: it may be long.
      sorted.sort((a, b) => (b.expected ?? Infinity) - (a.expected ?? Infinity) || a.index - b.index);
      this.#scheduler.offer(sorted, this.#total, Date.now());
    } catch (error) {
      this.#rowError = error instanceof HumanError ? error : new HumanError(messageOf(error));
    }
    if (this.#earlier && !this.#rowError) this.#written(() => this.#earlier && this.#repeat(this.#earlier));
    this.#longRows.close();
    this.#scheduler.endInput(Date.now());
  }

  #isReadAhead(): boolean {
    return this.#scheduler.queued >= readAhead || this.#scheduler.queuedCharacters >= readAheadCharacters;
  }

  /** Tells what earlier runs have found. Where rows have moved, their lines in the journal get the numbers of now, lest they be taken for those of other rows. */
  #repeat(earlier: Earlier): void {
    const { done, failed } = this.#selection;
    const whole = (use: (result: Result) => void) => (result: Result): void => use(result.row === undefined ? { ...result, row: this.#longRows.row(result.index) } : result);
    if (earlier.hasMoved(this.#index)) this.#journal.replaceEarlier((journal) => this.#outlet.repeat((use) => earlier.results(done, failed, whole(use), journal)));
    else if (this.#outlet.isNeeded) this.#outlet.repeat((use) => earlier.results(done, failed, whole(use)));
  }

  #expectations(): ExpectedOf | undefined {
    const path = this.options.durationsFrom;
    return path === undefined ? undefined : durationsIn(path, mostSorted);
  }

  /** Makes tasks of the rows that are to run. One of which something would be lost on its way fails at once. */
  #choose(chunk: string[], expectedOf: ExpectedOf | undefined): Task[] {
    const tasks: Task[] = [];
    for (const row of chunk) {
      const index = this.#index++;
      if (!this.#selection.takes(index, row)) {
        if (row.length > keptRow && this.#outlet.isNeeded) this.#longRows.add(index, row);
        continue;
      }
      const loss = lossOf(row, this.#taker);
      if (loss !== undefined) {
        this.#scheduler.reject({ index, row, attempt: 1 }, { type: 'RowRefused', message: loss }, Date.now());
        continue;
      }
      const expected = expectedOf?.(row);
      tasks.push({ index, row, attempt: 1, ...(this.#plan.toMessage ? { message: this.#plan.toMessage(row, index) } : {}), ...(expected === undefined ? {} : { expected }) });
    }
    return tasks;
  }

  #start(number: number): void {
    const { run, head } = this.options;
    const callbacks: WorkerCallbacks = {
      ready: ({ epoch, log }) => this.#scheduler.ready(number, epoch, log, Date.now()),
      refused: (why) => this.#refused(number, why),
      answers: (lines) => {
        this.#scheduler.answers(number, lines, Date.now());
        this.#settle();
      },
      ended: (ending, slot) => this.#ended(number, worker, ending, slot),
    };
    const worker: WorkerHandle = head ? head.open(callbacks) : this.#hold(new WorkerProcess(this.#plan.launch(number), slotOf(run, number), logOf(run, number), callbacks));
    this.#workers.set(number, worker);
    if (worker.ref !== undefined) this.#events.write({ e: 'spawn', t: Date.now(), child: worker.ref, method: 'child_process.spawn', name: `worker ${number}`, role: 'worker' });
  }

  /** Sees to it that a process ends, with all that it has started, when this one does. */
  #hold<T extends Pick<WorkerProcess, 'pid' | 'gone'>>(started: T): T {
    const { pid, gone } = started;
    if (pid !== undefined) {
      this.#guard.hold(pid);
      void gone.then(() => this.#guard.release(pid));
    }
    return started;
  }

  #ended(number: number, ended: WorkerHandle, ending: Ending, slot: SlotContent): void {
    if (ended.ref !== undefined) this.#events.write({ e: 'reap', t: Date.now(), child: ended.ref, ...ending });
    if (this.#workers.get(number) === ended) this.#workers.delete(number);
    const log = logOf(this.options.run, number);
    this.#scheduler.died(number, ending, slot, sizeOf(log), Date.now(), whyOf(ending, log));
    this.#settle();
    this.#workersGone?.();
  }

  #workersGone: (() => void) | undefined;

  #refused(number: number, { message, file, line, unwritable }: Refused): void {
    if (unwritable) this.#unwritable ??= new WriteError(this.options.run, 'The files in', unwritable);
    const place = file && !message.includes(file) ? ` (${file}${line ? `:${line}` : ''})` : '';
    this.#scheduler.refuse(`${message}${place}`, Date.now());
    this.#workers.get(number)?.close();
  }

  #done(outcome: Outcome, value: string): void {
    this.#journal.done(outcome, value);
    this.#slowest.add(outcome.task.index, outcome.answer.duration);
    this.#rate.add(1);
    if (this.#outlet.isNeeded) this.#outlet.add(resultOf(outcome, value, undefined));
  }

  #failed(outcome: Outcome, error: TaskError, again: boolean): void {
    this.#journal.failed(outcome, error, again);
    if (again) return;
    this.#rate.add(1);
    this.#failures.add(outcome.task, error, outcome.worker > 0);
    this.#outlet.add(resultOf(outcome, undefined, error));
  }

  /** The journal first: what is told must be known after a crash. */
  #settle(): void {
    this.#written(() => this.#journal.flush());
    this.#written(() => this.#outlet.flush());
    if (this.#wake && !this.#isReadAhead()) {
      const wake = this.#wake;
      this.#wake = undefined;
      wake();
    }
  }

  /** Writes; what can't be written ends the workload. What is done so far is kept in memory, and tried again until the end. */
  #written(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof WriteError)) throw error;
      this.cannotWrite(error);
    }
  }

  /** No more is done than can be told. */
  cannotWrite(error: WriteError): void {
    if (this.#unwritable) return;
    this.#unwritable = error;
    this.options.notice(`${error.message} No more tasks are started, and those that run come to their end.`, true);
    this.#scheduler.halt(error.message, Date.now());
  }

  #mayStart(): boolean {
    if (this.options.isHeldUp?.()) return false;
    // One task always runs, or nothing would ever change.
    return this.#shortage() === undefined || this.#scheduler.seats.every((seat) => seat.outstanding === 0 && seat.state !== 'starting');
  }

  /** What is free where that is less than a task may start with. */
  #shortage(): { free: number; wanted: number } | undefined {
    const wanted = this.workload.memory.startWhenFree;
    const free = wanted === null ? undefined : freeMemory();
    return wanted !== null && free !== undefined && free < wanted ? { free, wanted } : undefined;
  }

  #tick(): void {
    const now = Date.now();
    const current = (worker: number): SlotContent['current'] => this.#workers.get(worker)?.current();
    for (const [number, worker] of this.#workers) this.#scheduler.collect(number, worker.waiting?.() ?? [], now);
    this.#grow(now);
    this.#scheduler.tick(now, current);
    const shortage = this.#shortage();
    if (shortage && shortage.free < shortage.wanted / 2) this.#scheduler.evict(current);
    this.#memoryWatch?.look(this.#workers, now);
    if (!this.#noticed && this.#scheduler.seats.some((seat) => seat.state === 'starting' && now - seat.since > longImport)) {
      this.#noticed = true;
      this.options.notice('A worker has been importing the code for 10 s. What stands outside of functions runs at import: put what runs the program under if __name__ == "__main__":');
    }
    this.#settle();
    if (this.onProgress || now - this.#publishedAt >= unseenFrame || attentionOf(this.options.run) !== undefined) this.#publish();
  }

  /** Lets more workers come where those that are there mostly wait for something else than a core. */
  #grow(now: number): void {
    const { seats, lastDone } = this.#scheduler;
    const ready = seats.filter((seat) => seat.state === 'ready');
    if (!this.#demand.isOpen(ready.length)) return;
    this.#demand.look(activityOf(ready, this.#workers, now), now - lastDone);
    this.#scheduler.mayHave = this.#demand.allowed;
  }

  /** The state of things now. */
  progress(): Progress {
    const now = Date.now();
    const { done, failed, running, waiting } = this.#scheduler.count;
    const { skipped, failures, left } = this.#selection;
    const shortage = this.#shortage();
    const total = this.#total ?? this.#rows.total();
    const remaining = total === null ? null : Math.max(0, total - left - skipped - done - failed);
    return {
      t: now, state: this.#scheduler.state, runner: this.options.self, startedAt: this.#startedAt, control: this.#control.address,
      done: done + skipped - failures, failed: failed + failures, running, waiting: remaining === null ? waiting : Math.max(0, remaining - running), skipped, total,
      rate: this.#rate.at(now), etaSeconds: this.#rate.eta(remaining, now), ...(waiting > 0 && shortage ? { shortage } : {}),
      ...(this.options.head ? { cluster: this.options.head.members } : {}),
      workers: this.#scheduler.seats.map((seat) => workerProgress(seat, this.#workers.get(seat.number))),
    };
  }

  onProgress: ((progress: Progress) => void) | undefined;

  #publish(last: Partial<Progress> = {}): void {
    const progress = { ...this.progress(), ...last };
    this.#publishedAt = progress.t;
    this.onProgress?.(progress);
    const path = progressOf(this.options.run);
    try {
      replaceFile(path, JSON.stringify(progress));
    } catch {
      // A full disk stops the display, not the work.
    }
  }

  #obey(control: Control): Reply {
    switch (control.do) {
      case 'pause': this.#scheduler.pause(); break;
      case 'resume': this.#scheduler.resume(Date.now()); break;
      case 'stop': this.stop(); break;
      case 'stopNow': this.stopNow(); break;
      case 'retry': return this.#retry(control.rows);
      default: return { ok: false, message: `unknown: ${JSON.stringify(control)}` };
    }
    this.#publish();
    return { ok: true };
  }

  #retry(rows: number[]): Reply {
    const { state } = this.#scheduler;
    if (this.#closing || (state !== 'running' && state !== 'paused')) return { ok: false, message: 'The workload is ending. Retry when it has ended.' };
    const tasks = this.#failures.take(rows);
    this.#scheduler.retry(tasks, Date.now());
    return tasks.length === rows.length ? { ok: true } : { ok: false, message: `${rows.length - tasks.length} of these rows have not failed, or can be run again only once the workload has ended` };
  }

  stop(): void {
    this.#scheduler.stop(Date.now());
    if (!this.#closing) this.#publish();
  }

  stopNow(): void {
    this.#scheduler.stopNow(Date.now());
    if (!this.#closing) this.#publish();
  }

  /** Nobody reads what is printed any more. */
  leftByReader(): void {
    this.#unread = true;
    this.stopNow();
  }

  async #finished(state: State, reason?: string): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#wake?.();
    clearInterval(this.#timer);
    await this.#dismiss();
    const { done, failed } = this.progress();
    const now = Date.now();
    this.#written(() => this.#journal.flush());
    this.#written(() => this.#outlet.close());
    const how = this.#finalState(state, reason);
    this.#written(() => this.#journal.note({ e: 'close', t: now, ...how, done, failed, longest: this.#scheduler.longest }));
    this.#written(() => this.#journal.close());
    const summary = summaryOf(this.#scheduler, this.#slowest, this.#selection.skipped, this.#startedAt, now);
    const obstacle = this.#unread ? 'unread' : this.#unwritable && 'unwritable';
    const outcomes: Outcomes = { ...how, done, failed, rows: this.#index, summary, unkept: this.#journal.unwritten, failures: this.#failures.first, failedBefore: this.#selection.failedRows, ...(obstacle ? { obstacle } : {}) };
    this.#publish(outcomes);
    this.#control.close();
    this.#guard.close();
    this.#events.write({ e: 'exit', t: now, code: statusOf(outcomes), signal: null });
    this.#events.write({ e: 'end', t: now, reason: how.state });
    this.#events.close();
    this.#finish?.(outcomes);
  }

  /** Whatever has become of the tasks, rows that could not be read and results that could not be written are no success. */
  #finalState(state: State, reason?: string): { state: State; reason?: string } {
    if (state === 'done' && this.#unwritable) return { state: 'halted', reason: this.#unwritable.message };
    if (state === 'done' && this.#rowError) return { state: 'refused', reason: this.#rowError.message };
    return { state, ...(reason === undefined ? {} : { reason }) };
  }

  /** Lets the workers go, and ends those that do not. */
  async #dismiss(): Promise<void> {
    for (const worker of this.#workers.values()) worker.close();
    const patience = setTimeout(() => {
      for (const worker of this.#workers.values()) worker.kill(this.workload.grace * 1000);
    }, 1000);
    while (this.#workers.size) await new Promise<void>((gone) => (this.#workersGone = gone));
    clearTimeout(patience);
    await this.options.head?.close(this.workload.grace * 1000);
  }
}

/** Keeps the workload as it is carried out beside its journal. */
function describe(workload: Workload, path: string): void {
  const text = `${JSON.stringify(workload, null, 1)}\n`;
  try {
    // On a full disk there is no room for a second one.
    if (!existsSync(path) || readRegular(path) !== text) replaceFile(path, text);
  } catch (error) {
    throw new WriteError(path, 'The description', error);
  }
}

/** What the journal in a run directory tells of a workload. Who asks for the failed rows alone has often corrected the code: then it does not matter. */
export function earlierOf(workload: Workload, run: string, plan: Plan, { missing }: Wanted): Earlier {
  return new Earlier(journalOf(run), missing && workload.rerunOn.includes('code') ? plan.code : null, workload.rerunOn.includes('args'));
}

const resultOf = ({ task, answer }: Outcome, value: string | undefined, error: TaskError | undefined): Result =>
  ({ index: task.index, row: task.row, microseconds: answer.duration, value, error });
