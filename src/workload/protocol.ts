import { join } from 'node:path';
import { formatBytes } from '../core/describe';
import type { ProcessRef } from '../core/events';
import type { Summary } from './journal/summary';
import type { ClusterMember, TaskError, State } from './task';

/**
 * What the runner of a workload and those who look at it share: files of the run directory and the words of its control
 * channel. The runner alone writes the files; whoever looks may come and go.
 */

/** The resolved workload as the runner carries it out, {@link Workload}. */
export const workloadOf = (run: string): string => join(run, 'workload.json');
/** Append-only, a {@link JournalLine} a line: the truth about every task. */
export const journalOf = (run: string): string => join(run, 'journal.ndjson');
/** The newest {@link Progress}, replaced ten times a second while a window holds a lease on the run, once a second else. */
export const progressOf = (run: string): string => join(run, 'progress.json');
/** What a worker's tasks printed; `Done.log` are byte ranges of it. Workers count from 1. */
export const logOf = (run: string, worker: number): string => join(run, 'out', `worker-${worker}.log`);
/** Standard output of commands; `facts.out` are byte ranges of it. */
export const outputOf = (run: string, worker: number): string => join(run, 'out', `worker-${worker}.stdout`);
export const slotOf = (run: string, worker: number): string => join(run, `worker-${worker}.slot`);

/** A runner has opened the journal: the first time, or to resume. Later lines belong to this opening. */
export interface OpenLine {
  e: 'open';
  /** ms since the epoch */
  t: number;
  /** hash of the code, or an empty string where it is not asked for */
  code: string;
  runner: ProcessRef;
  workers: number;
}

interface TaskLine {
  /** number of the row in the input, from 0 */
  i: number;
  /**
   * The row's own text is the last `n` characters before the closing brace, byte for byte as it was sent, because
   * numbers beyond 2^53 do not survive a parser. A row longer than `keptRow` is told by `k` alone, the hash of its text.
   */
  row?: unknown;
  n?: number;
  k?: string;
  /** the worker, from 1, and which attempt this was, from 1 */
  w: number;
  a: number;
  /** start in µs since the runner's opening, duration in µs */
  t: number;
  us: number;
  /** byte range in the worker's log */
  log: [number, number];
  /** the task's own process, where it had one */
  facts?: { pid: number; rss: number; cpu: number; out?: [number, number] };
}

export interface DoneLine extends TaskLine {
  e: 'done';
  v: unknown;
}

/** A result of a row that the input does not hold any more: it is there again when the row is. */
export interface PastLine extends Omit<DoneLine, 'e'> {
  e: 'past';
}

/** `again`: the task is tried once more after this. */
export interface FailLine extends TaskLine {
  e: 'fail';
  error: TaskError;
  again: boolean;
}

export interface CloseLine {
  e: 'close';
  t: number;
  state: State;
  done: number;
  failed: number;
  /** µs that the longest task took: tells a re-run whether their order matters */
  longest: number;
  reason?: string;
}

export type JournalLine = OpenLine | DoneLine | PastLine | FailLine | CloseLine;

/** JSON of a row up to this many characters stands in the journal. */
export const keptRow = 2048;

export interface WorkerProgress {
  number: number;
  pid: number | null;
  state: 'starting' | 'idle' | 'busy' | 'ended';
  /** the row that runs now and since when, ms since the epoch */
  row: { index: number; text: string; since: number } | null;
  /** address of the cluster's worker that runs it */
  place?: string;
  done: number;
  restarts: number;
}

/** One frame of the whole. Times are ms since the epoch or seconds, as named. */
export interface Progress {
  t: number;
  state: State;
  reason?: string;
  runner: ProcessRef;
  startedAt: number;
  /** address of the control channel */
  control: string | null;
  done: number;
  failed: number;
  running: number;
  waiting: number | null;
  skipped: number;
  /** null until the rows' number is known or can be told from the size of the file */
  total: number | null;
  /** tasks a second of late */
  rate: number;
  etaSeconds: number | null;
  /** tasks wait for memory: bytes that are free, and that must be free for one to start */
  shortage?: { free: number; wanted: number };
  /** workers of the cluster, where the engine is one */
  cluster?: ClusterMember[];
  workers: WorkerProgress[];
  /** in the last frame alone */
  summary?: Summary;
}

/** Why tasks wait: `waiting for memory: 1.2 GB free, 4.0 GB wanted`. */
export const shortageText = ({ free, wanted }: NonNullable<Progress['shortage']>): string => `waiting for memory: ${formatBytes(free)} free, ${formatBytes(wanted)} wanted`;

/** One JSON object a line from the client; each is answered by a {@link Reply}. */
export type Control =
  | { do: 'pause' } | { do: 'resume' } | { do: 'stop' } | { do: 'stopNow' }
  | { do: 'retry'; rows: number[] };

export type Reply = { ok: true } | { ok: false; message: string };
