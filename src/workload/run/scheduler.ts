import type { Ending } from '../../core/events';
import { errorOf, parseAnswer, parseMark } from '../journal/answers';
import { Batching } from './batching';
import { deathOf, endingText, garbleOf } from './failureCause';
import { Durations, timeLimit } from './durations';
import { haltReason } from './halt';
import { Queue } from './queue';
import { Seat } from './seat';
import type { Workload } from '../workload';
import type { Answer, SlotContent, Outcome, State, TaskError, EndReason, Task, Count } from '../task';

/** What the scheduler makes happen. Nothing here answers: the outside calls back. */
export interface Effects {
  start: (worker: number) => void;
  send: (worker: number, rows: string[]) => void;
  /** closes the worker's pipe: it ends by itself */
  close: (worker: number) => void;
  /** asks the worker to end, and kills it after the grace */
  kill: (worker: number, reason: EndReason) => void;
  /** takes a `kill` back */
  spare: (worker: number) => void;
  done: (outcome: Outcome, value: string) => void;
  failed: (outcome: Outcome, error: TaskError, again: boolean) => void;
  /** false while nothing more must start for want of memory */
  mayStart: () => boolean;
  finished: (state: State, reason?: string) => void;
}

type Rules = Pick<Workload, 'workers' | 'batch' | 'timeout' | 'retries' | 'halt' | 'maxTasksPerWorker'> & {
  /** every task has a process of its own below the worker */
  ownProcesses: boolean;
};

/** Workers that end this often in a row without having answered anything are given up. */
const mostFruitless = 5;

/**
 * Decides which worker runs what, and what becomes of it. Knows no process, no file and no clock: times (ms) come in
 * with the calls. Every task given to {@link offer} ends in one call of `done` or of a final `failed`, unless the
 * workload is stopped.
 */
export class Scheduler {
  readonly seats: Seat[];
  readonly durations = new Durations();
  state: State = 'running';
  #reason: string | undefined;
  #after: State = 'done';
  #queue = new Queue();
  #inputEnded = false;
  #total: number | null = null;
  readonly #opened: number;
  #batching: Batching;
  #done = 0;
  #failed = 0;
  #fruitless = 0;
  /** µs in the user's code so far, and of the longest task; when the last task ended, ms */
  work = 0;
  longest = 0;
  lastDone: number;
  /** so many workers may be there now */
  mayHave: number;
  #finished = false;

  constructor(private readonly rules: Rules, private readonly effects: Effects, now: number) {
    this.#batching = new Batching(rules.batch);
    this.mayHave = rules.workers;
    this.seats = Array.from({ length: rules.workers }, (_, i) => new Seat(i + 1, now));
    this.lastDone = this.#opened = now;
  }

  get count(): Count {
    const sent = this.seats.reduce((sum, seat) => sum + seat.outstanding, 0);
    const running = this.seats.filter((seat) => seat.outstanding > 0).length;
    return { done: this.#done, failed: this.#failed, running, waiting: this.#queue.length + this.#queue.delayed + sent - running };
  }

  /** Tasks that wait for a worker: the input is read as long as there are few. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Characters of these tasks. */
  get queuedCharacters(): number {
    return this.#queue.characters;
  }

  get average(): number | undefined {
    return this.#batching.average;
  }

  get inputEnded(): boolean {
    return this.#inputEnded;
  }

  /** Adds tasks. `total` is the number of all, where it is known. */
  offer(tasks: readonly Task[], total: number | null, now: number): void {
    this.#queue.push(tasks);
    this.#total = total;
    this.fill(now);
  }

  endInput(now: number): void {
    this.#inputEnded = true;
    this.fill(now);
  }

  /** A task that no worker gets: it has failed before it began. */
  reject(task: Task, error: TaskError, now: number): void {
    const outcome = { task, worker: 0, startedAt: Math.round((now - this.#opened) * 1000), answer: { duration: 0, logEnd: 0, facts: undefined }, logStart: 0 };
    this.#failed++;
    this.effects.failed(outcome, error, false);
    this.#considerHalt(now);
  }

  /** Runs failed tasks once more, on a person's wish. */
  retry(tasks: readonly Task[], now: number): void {
    this.#failed -= tasks.length;
    this.#queue.giveBack(tasks);
    this.fill(now);
  }

  ready(worker: number, epoch: number, logEnd: number, now: number): void {
    const seat = this.#seat(worker);
    if (seat.state !== 'starting') return;
    seat.spent.starting += now - seat.since;
    Object.assign(seat, { state: 'ready', epoch, logEnd, since: now });
    this.fill(now);
  }

  answers(worker: number, lines: readonly string[], now: number): void {
    const seat = this.#seat(worker);
    if (seat.ending === 'garbled') return;
    if (!this.#understand(seat, lines, now)) this.#garbled(seat);
    if (seat.outstanding === 0) seat.since = now;
    this.fill(now);
  }

  /** Marks and answers, in their order. False at the first line that is neither, or that is for no task. */
  #understand(seat: Seat, lines: readonly string[], now: number): boolean {
    for (const line of lines) {
      if (line.startsWith('>')) {
        const mark = parseMark(line);
        if (!mark || !seat.marked(mark)) return false;
      } else {
        const answer = parseAnswer(line);
        if (!answer || (!seat.repeats() && !this.#answer(seat, answer, now))) return false;
      }
    }
    return true;
  }

  /** What is strange in the pipe may be of any task that is out: they run again, each alone, so that it is known the next time. */
  #garbled(seat: Seat): void {
    if (seat.ending !== undefined) return;
    const task = seat.task(seat.oldest);
    if (seat.outstanding > 1) this.#batching.singly();
    else if (task) seat.verdict = { sequence: seat.oldest, error: garbleOf(seat.number, task) };
    this.#kill(seat, 'garbled');
  }

  /** Takes answers that a worker keeps back, because the task after them is long, from its slot. */
  collect(worker: number, lines: readonly string[], now: number): void {
    const seat = this.#seat(worker);
    const mark = parseMark(lines[0] ?? '');
    // Behind a long task the slot stays the same for many looks.
    if (!mark || mark.sequence + lines.length - 1 <= seat.oldest || seat.state === 'empty' || seat.ending === 'garbled') return;
    this.#replay(seat, lines, now);
    if (seat.outstanding === 0) seat.since = now;
    this.fill(now);
  }

  #answer(seat: Seat, answer: Answer, now: number): boolean {
    const verdict = seat.verdictOn(seat.oldest);
    const found = seat.answered(answer.duration);
    if (!found) return false;
    const { task, start, batch } = found;
    if (batch) this.#batching.measured(batch.microseconds / 1000, batch.count);
    this.#fruitless = 0;
    this.work += answer.duration;
    this.longest = Math.max(this.longest, answer.duration);
    this.lastDone = now;
    const outcome = { task, worker: seat.number, startedAt: Math.round((seat.epoch - this.#opened) * 1000) + start, answer, logStart: seat.logEnd };
    seat.logEnd = Math.max(seat.logEnd, answer.logEnd);
    if (answer.failed) this.#fail(outcome, verdict ?? errorOf(answer), now);
    else {
      seat.done++;
      this.#done++;
      this.durations.add(answer.duration);
      this.effects.done(outcome, answer.value);
    }
    if (verdict) this.#spare(seat);
    this.#considerHalt(now);
    return true;
  }

  #fail(outcome: Outcome, error: TaskError, now: number): void {
    const { task } = outcome;
    const { times, wait, factor } = this.rules.retries;
    const again = task.attempt <= times && (this.state === 'running' || this.state === 'paused');
    this.effects.failed(outcome, error, again);
    if (!again) {
      this.#failed++;
      return;
    }
    this.#queue.retryAt({ ...task, attempt: task.attempt + 1 }, now + wait * 1000 * factor ** (task.attempt - 1));
  }

  /** The task that was ended is over. Where it had a process of its own, the worker that reports this goes on. */
  #spare(seat: Seat): void {
    seat.verdict = undefined;
    if (!this.rules.ownProcesses || (seat.ending !== 'timeout' && seat.ending !== 'memory')) return;
    seat.ending = undefined;
    this.effects.spare(seat.number);
  }

  /** The process of a worker has ended. `slot` is what it left behind, `why` a better word than the ending's, as "out of memory". */
  died(worker: number, ending: Ending, slot: SlotContent, logEnd: number, now: number, why?: string): void {
    const seat = this.#seat(worker);
    this.#replay(seat, slot.lines, now);
    const blamed = this.#blamed(seat, slot.current);
    const answer = { duration: 0, logEnd, facts: undefined };
    const back = seat.takeBack().filter((task) => task !== blamed);
    if (blamed) {
      const startedAt = seat.epoch + (slot.current?.start ?? seat.clock) / 1000;
      const duration = Math.max(0, Math.round((now - startedAt) * 1000));
      const error = (seat.ending === 'garbled' ? seat.verdict?.error : seat.verdictOn(slot.current?.sequence)) ?? deathOf(seat.number, blamed, ending, why);
      this.#fruitless = 0;
      this.#fail({ task: blamed, worker, startedAt: Math.round((startedAt - this.#opened) * 1000), answer: { ...answer, duration }, logStart: seat.logEnd }, error, now);
    } else if (seat.ending === undefined && (seat.state === 'starting' || back.length > 0)) this.#fruitless++;
    this.#queue.giveBack(back);
    seat.state = 'empty';
    seat.since = now;
    if (this.#fruitless >= mostFruitless) this.refuse(`workers end before they have done anything: ${endingText(ending, why)}`, now);
    this.#considerHalt(now);
    this.fill(now);
  }

  /** Takes the answers in a slot that did not come by the pipe. */
  #replay(seat: Seat, [first = '', ...lines]: readonly string[], now: number): void {
    const mark = parseMark(first);
    if (!mark || mark.sequence > seat.oldest) return;
    let { sequence, start } = mark;
    for (const line of lines) {
      const answer = parseAnswer(line);
      if (!answer) return;
      if (sequence++ >= seat.oldest) {
        seat.clock = start;
        if (!this.#answer(seat, answer, now)) return;
      }
      start += answer.duration;
    }
  }

  /** The task that a worker's end is told of: what we ended for another reason is not the task's fault. */
  #blamed(seat: Seat, current: SlotContent['current']): Task | undefined {
    if (seat.ending === 'garbled') return seat.verdict && seat.task(seat.verdict.sequence);
    return current && (seat.ending === undefined || seat.verdictOn(current.sequence)) ? seat.task(current.sequence) : undefined;
  }

  /** The workload can't be run at all. */
  refuse(reason: string, now: number): void {
    this.#leave('refused', reason, now);
    this.killAll('stop');
  }

  pause(): void {
    if (this.state === 'running') this.state = 'paused';
  }

  resume(now: number): void {
    if (this.state === 'paused') this.state = 'running';
    this.fill(now);
  }

  /** No task is started any more, for a reason that is none of the tasks'; those that run come to their end. */
  halt(reason: string, now: number): void {
    this.#leave('halted', reason, now);
  }

  /** No task is started any more; those that run come to their end. */
  stop(now: number): void {
    this.#leave('stopped', undefined, now);
  }

  /** Ends the running tasks too; they count as not run. */
  stopNow(now: number): void {
    this.#leave('stopped', undefined, now);
    this.killAll('stop');
  }

  #leave(after: State, reason: string | undefined, now: number): void {
    if (this.#finished || this.state === 'stopping') return;
    this.state = 'stopping';
    this.#after = after;
    this.#reason = reason;
    this.fill(now);
  }

  #considerHalt(now: number): void {
    if (this.state === 'stopping' || !this.rules.halt) return;
    const reason = haltReason(this.rules.halt, { done: this.#done, failed: this.#failed, total: this.#total });
    if (reason === undefined) return;
    this.#leave('halted', reason, now);
    if (this.rules.halt.when === 'now') this.killAll('stop');
  }

  killAll(reason: EndReason): void {
    for (const seat of this.seats) if (seat.state !== 'empty') this.#kill(seat, reason);
  }

  #kill(seat: Seat, reason: EndReason): void {
    if (seat.ending !== undefined) return;
    seat.ending = reason;
    this.effects.kill(seat.number, reason);
  }

  /** To be called often: starts retries whose time has come, ends what takes too long. `current` tells what a worker runs. */
  tick(now: number, current: (worker: number) => SlotContent['current']): void {
    this.#queue.tick(now);
    const limit = timeLimit(this.rules.timeout, this.durations);
    if (limit !== undefined) {
      for (const seat of this.seats) {
        if (seat.state === 'empty' || seat.outstanding === 0 || seat.verdict) continue;
        const running = current(seat.number);
        if (!running) continue;
        const task = seat.task(running.sequence);
        if (!task || now - (seat.epoch + running.start / 1000) <= limit) continue;
        this.condemn(seat, running.sequence, { type: 'Timeout', message: `row ${task.index} ran longer than ${(limit / 1000).toFixed(1)} s and was ended (worker ${seat.number})` }, 'timeout');
      }
    }
    this.fill(now);
  }

  /** Ends the task that a worker runs; `error` is what it will have failed of. */
  condemn(seat: Seat, sequence: number, error: TaskError, reason: 'timeout' | 'memory'): void {
    if (seat.ending !== undefined) return;
    seat.verdict = { sequence, error };
    this.#kill(seat, reason);
  }

  /** Has another process take a worker's place; what it was to do waits again. */
  replace(seat: Seat): void {
    this.#kill(seat, 'evicted');
  }

  /** Ends the worker whose task started last, to give memory back; the task waits again. */
  evict(current: (worker: number) => SlotContent['current']): void {
    const busy = this.seats.filter((seat) => seat.outstanding > 0 && seat.ending === undefined);
    if (busy.length < 2) return;
    const started = (seat: Seat): number => seat.epoch + (current(seat.number)?.start ?? 0) / 1000;
    const youngest = busy.reduce((a, b) => (started(b) > started(a) ? b : a));
    this.#kill(youngest, 'evicted');
  }

  /** Gives every worker what it should have. */
  fill(now: number): void {
    if (this.#finished) return;
    if (this.state === 'running' && this.#queue.length) {
      const present = this.seats.filter((seat) => seat.state !== 'empty').length;
      const starting = this.seats.filter((seat) => seat.state === 'starting').length;
      // No more processes than may be there, nor than tasks wait for one.
      let wanted = Math.min(this.mayHave - present, this.#queue.length - starting);
      for (const seat of this.seats) {
        if (!this.#queue.length) break;
        if (seat.state === 'ready') this.#feed(seat, now);
        else if (seat.state === 'empty' && wanted > 0 && this.effects.mayStart()) {
          wanted--;
          this.#start(seat, now);
        }
      }
    }
    for (const seat of this.seats) if (seat.state === 'ready' && seat.outstanding === 0 && this.#isSpent(seat)) this.#close(seat);
    this.#considerEnd();
  }

  #start(seat: Seat, now: number): void {
    seat.renew(now);
    this.effects.start(seat.number);
  }

  #isSpent(seat: Seat): boolean {
    const { maxTasksPerWorker } = this.rules;
    return maxTasksPerWorker !== null && seat.taken >= maxTasksPerWorker;
  }

  #close(seat: Seat): void {
    seat.state = 'closing';
    this.effects.close(seat.number);
  }

  #feed(seat: Seat, now: number): void {
    if (seat.ending !== undefined) return;
    while (seat.batches < this.#batching.window && this.#queue.length && this.effects.mayStart()) {
      const room = this.rules.maxTasksPerWorker === null ? Infinity : this.rules.maxTasksPerWorker - seat.taken;
      if (room <= 0) return;
      if (seat.outstanding === 0) seat.spent.idle += now - seat.since;
      const tasks = this.#queue.take(Math.min(room, this.#batching.size(this.#remaining(), this.#queue.length, this.mayHave)));
      seat.send(tasks);
      this.effects.send(seat.number, tasks.map((task) => task.message ?? task.row));
    }
  }

  #remaining(): number | null {
    if (this.#inputEnded) return this.#queue.length;
    return this.#total === null ? null : Math.max(this.#queue.length, this.#total - this.#done - this.#failed);
  }

  #considerEnd(): void {
    const busy = this.seats.some((seat) => seat.outstanding > 0);
    if (busy) return;
    if (this.state !== 'stopping' && !(this.#inputEnded && this.#queue.length === 0 && this.#queue.delayed === 0)) return;
    this.#finished = true;
    this.state = this.state === 'stopping' ? this.#after : 'done';
    this.effects.finished(this.state, this.#reason);
  }

  #seat(worker: number): Seat {
    const seat = this.seats[worker - 1];
    if (!seat) throw new Error(`no worker ${worker}`);
    return seat;
  }
}
