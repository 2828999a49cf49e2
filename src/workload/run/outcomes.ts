import type { Summary } from '../journal/summary';
import type { State, TaskError } from '../task';

/** How a workload has ended. */
export interface Outcomes {
  state: State;
  reason?: string;
  done: number;
  failed: number;
  /** in the input, as far as it was read */
  rows: number;
  summary: Summary;
  /** results or the journal could not be written, or nobody reads them */
  obstacle?: 'unwritable' | 'unread';
  /** tasks that are done or have failed, of which the journal could not be told */
  unkept: number;
  /** of the tasks that have failed in this run, the first ones */
  failures: Failure[];
  /** of the rows that have failed in an earlier run and were not run again, the first ones */
  failedBefore: number[];
}

/** A task that has failed. */
export interface Failure {
  index: number;
  error: TaskError;
}

/** The exit statuses of `map` that are not the number of failed tasks, of which 101 stands for all above 100. */
export const exitStatus = {
  /** the arguments, the workload file, the code or the rows are wrong */
  refused: 102,
  /** results or the journal can't be written */
  unwritable: 103,
  /** a fault of Procession itself */
  fault: 104,
  stopped: 130,
  /** nobody reads standard output any more: 128 + SIGPIPE, as a shell tells it */
  unread: 141,
} as const;

/** How the command line ends. */
export function statusOf({ state, failed, obstacle }: Pick<Outcomes, 'state' | 'failed' | 'obstacle'>): number {
  if (obstacle) return exitStatus[obstacle];
  if (state === 'stopped') return exitStatus.stopped;
  if (state === 'refused') return exitStatus.refused;
  return Math.min(failed, 101);
}
