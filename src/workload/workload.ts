/** What a `*.workload.json` says, as it is written and as it is carried out. */

export type Run =
  | { python: string; interpreter?: string; call?: 'row' | 'keywords' }
  | { node: string; interpreter?: string }
  | { script: string; interpreter?: string; args?: string[] }
  | { command: string[] }
  | { ranks: number; launcher: 'mpirun' | 'torchrun' | 'srun'; program: string[]; hosts?: string[]; options?: string[] };

export type Over =
  | { rows: unknown[] }
  | { range: [number, number] | [number, number, number] }
  | { grid: Record<string, unknown[]> }
  | { glob: string | string[] }
  | { json: string } | { jsonl: string } | { csv: string; delimiter?: string } | { lines: string };

export interface Retries {
  times: number;
  /** seconds before the first retry; each further one waits `factor` times as long */
  wait: number;
  factor: number;
}

/** `soon`: no task is started any more; `now`: running ones are ended too. */
export interface Halt {
  when: 'soon' | 'now';
  on: 'fail' | 'success' | 'done';
  count?: number;
  percent?: number;
}

export interface Workload {
  /** where it was written, or null for one given on the command line */
  file: string | null;
  /** folder that paths are relative to, and where the tasks run */
  directory: string;
  run: Run;
  over: Over;
  workers: number;
  isolation: 'worker' | 'fork' | 'process';
  batch: 'auto' | number;
  /** seconds, or a share of the median duration; null: none */
  timeout: { seconds: number } | { percent: number } | null;
  retries: Retries;
  halt: Halt | null;
  /** seconds between the request to end and the kill */
  grace: number;
  threadsPerWorker: number;
  memory: { perWorker: number | null; startWhenFree: number | null };
  affinity: 'none' | 'spread';
  maxTasksPerWorker: number | null;
  order: 'completion' | 'input';
  results: string | null;
  rerunOn: ('args' | 'code')[];
  engine: { kind: 'local' } | { kind: 'dask'; address: string };
}

/** Whether a row that is an object becomes keyword arguments of a Python function: where it says so, or the columns of a grid are named. */
export const takesKeywords = ({ run, over }: Pick<Workload, 'run' | 'over'>): boolean =>
  'python' in run && (run.call === 'keywords' || (run.call === undefined && 'grid' in over));
