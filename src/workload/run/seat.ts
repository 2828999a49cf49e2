import type { Mark, TaskError, Task, EndReason } from '../task';


/** The place of one worker: its number stays, the process in it may be replaced. */
export class Seat {
  state: 'empty' | 'starting' | 'ready' | 'closing' = 'empty';
  done = 0;
  restarts = -1;
  /** tasks sent to the process that is in it now */
  taken = 0;
  /** µs that the process has spent in tasks which it has answered */
  worked = 0;
  /** ms since the epoch when the process was ready: times of its answers count from here */
  epoch = 0;
  /** µs after that: when the task began that is answered next */
  clock = 0;
  logEnd = 0;
  /** the runner has asked the process to end */
  ending: EndReason | undefined;
  /** the running task is being ended, and this is what it will have failed of */
  verdict: { sequence: number; error: TaskError } | undefined;
  /** what the process has been doing: ms */
  readonly spent = { starting: 0, idle: 0 };
  since: number;

  /** number of the task whose answer comes next by the pipe: behind `#first` while answers that were found in the slot are still to come */
  #piped = 0;
  /** undefined: answered, and forgotten */
  #sent: (Task | undefined)[] = [];
  #first = 0;
  #next = 0;
  #batches: { left: number; count: number; microseconds: number }[] = [];

  constructor(readonly number: number, now: number) {
    this.since = now;
  }

  /** A new process comes into the place. */
  renew(now: number): void {
    this.state = 'starting';
    this.restarts++;
    this.taken = this.worked = this.clock = 0;
    this.ending = this.verdict = undefined;
    this.#sent = [];
    this.#first = this.#next = this.#piped = 0;
    this.#batches = [];
    this.since = now;
  }

  get outstanding(): number {
    return this.#next - this.#first;
  }

  /** What the task with this number will have failed of, where that is settled. */
  verdictOn(sequence: number | undefined): TaskError | undefined {
    return this.verdict?.sequence === sequence ? this.verdict?.error : undefined;
  }

  /** tasks that the process in it has answered */
  get answeredHere(): number {
    return this.taken - this.outstanding;
  }

  get batches(): number {
    return this.#batches.length;
  }

  send(tasks: readonly Task[]): void {
    for (const task of tasks) this.#sent.push(task);
    this.#next += tasks.length;
    this.taken += tasks.length;
    this.#batches.push({ left: tasks.length, count: tasks.length, microseconds: 0 });
  }

  /** The task with this number among those sent to the process; undefined once it is answered. */
  task(sequence: number): Task | undefined {
    return sequence < this.#first ? undefined : this.#sent[sequence - this.#first + (this.#sent.length - this.outstanding)];
  }

  /** Whether the answers after this mark are those that come next by the pipe. */
  marked({ sequence, start, left }: Mark): boolean {
    if (sequence !== this.#piped || sequence + left > this.#next) return false;
    if (sequence === this.#first) this.clock = start;
    return true;
  }

  /** To be asked once for each answer of the pipe: whether it was found in the slot before it came. */
  repeats(): boolean {
    return this.#piped++ < this.#first;
  }

  /** Number of the oldest task that is not answered. */
  get oldest(): number {
    return this.#first;
  }

  /** Answers come in order: this one is for the oldest task. Tells the batch's length and time when it was its last. */
  answered(microseconds: number): { task: Task; start: number; batch?: { count: number; microseconds: number } } | undefined {
    const at = this.#sent.length - this.outstanding;
    const task = this.#sent[at];
    if (task === undefined) return undefined;
    const start = this.clock;
    this.clock += microseconds;
    this.worked += microseconds;
    this.#first++;
    this.#sent[at] = undefined;
    if (at >= 4096) this.#sent.splice(0, at + 1);
    const batch = this.#batches[0];
    if (!batch) return { task, start };
    batch.microseconds += microseconds;
    if (--batch.left > 0) return { task, start };
    this.#batches.shift();
    return { task, start, batch };
  }

  /** Everything that was sent and not answered. */
  takeBack(): Task[] {
    const left = this.#sent.slice(this.#sent.length - this.outstanding).flatMap((task) => task ?? []);
    this.#sent = [];
    this.#first = this.#next;
    this.#batches = [];
    return left;
  }
}
