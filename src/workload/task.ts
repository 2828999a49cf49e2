import type { ProcessRef } from '../core/events';

/** What a workload is made of, for everything that runs, writes or shows it. */

/** One row to run. `row` is its JSON; `message` is what the worker gets, where that is something else. */
export interface Task {
  index: number;
  row: string;
  message?: string;
  attempt: number;
  /** µs by an earlier run */
  expected?: number;
}

export interface Count {
  done: number;
  failed: number;
  running: number;
  waiting: number;
}

/** Why a task failed. `line` counts from 1. */
export interface TaskError {
  type: string;
  message: string;
  file?: string | null;
  line?: number | null;
  traceback?: string;
  signal?: string;
  code?: number;
}

export type State = 'running' | 'paused' | 'stopping' | 'done' | 'stopped' | 'halted' | 'refused';

/** What a worker says of one task; see `src/probes/workers`. */
export interface Answer {
  failed: boolean;
  /** µs */
  duration: number;
  logEnd: number;
  /** JSON, or undefined */
  facts: string | undefined;
  /** JSON of the result, or of a {@link TaskError} */
  value: string;
}

/** What a slot file holds: a mark with the answers that were not sent, and the task that ran. */
export interface SlotContent {
  lines: string[];
  current: { sequence: number; start: number } | undefined;
}

/** What stands before answers: the number of the first of the tasks that they are for, when it began (µs since the worker was ready), how many of its batch are left. */
export interface Mark {
  sequence: number;
  start: number;
  left: number;
}

/** Who ran a task and how: what a journal line holds beside the row. */
export interface Outcome {
  task: Task;
  worker: number;
  /** µs since the runner's opening */
  startedAt: number;
  answer: Pick<Answer, 'duration' | 'logEnd' | 'facts'>;
  logStart: number;
}

/** One task as the results tell it. `row` and `value` are JSON; `row` is undefined where a journal is all that is there, and has only its hash. */
export interface Result {
  index: number;
  row: string | undefined;
  microseconds: number;
  value: string | undefined;
  error: TaskError | undefined;
}

/** Why the runner ends a worker itself: its task takes too long or too much, memory is short, what it answers can't be understood, all is to end. */
export type EndReason = 'timeout' | 'memory' | 'evicted' | 'garbled' | 'stop';

/** What the runner needs of a worker, whatever is behind it. */
export interface WorkerHandle {
  readonly pid: number | undefined;
  /** undefined where it has no process of its own */
  readonly ref?: ProcessRef | undefined;
  send: (line: string) => void;
  close: () => void;
  kill: (grace: number) => void;
  spare: () => void;
  current: () => SlotContent['current'];
  /** the answers that it keeps back behind a long task, after their mark */
  waiting?: () => string[];
  /** address of the cluster's worker that runs its task, where there is a cluster */
  place?: () => string | undefined;
}

/** A worker of the cluster, as its own plugin reports it. `start` as in a process's reference, where it is known. */
export interface ClusterMember {
  pid: number;
  start: string | null;
  host: string;
  name: string;
  address: string;
}
