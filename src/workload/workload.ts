import type { JsonText } from './file/jsonText';
import { asBytes } from './file/textFile';

/** What a `*.workload.json` says, as it is carried out. */

export type Run =
  | { python: string; interpreter?: string; call?: 'row' | 'keywords' }
  | { node: string; interpreter?: string }
  | { script: string; interpreter?: string; args?: string[] }
  | { command: string[] }
  | { ranks: number; launcher: 'mpirun' | 'torchrun' | 'srun'; program: string[]; hosts?: string[]; options?: string[] };

/** Values are texts of JSON, so that each arrives as it was written. `encoding`: of the file, where it is not UTF-8. */
export type Over =
  | { rows: JsonText[] }
  | { range: JsonText[] }
  | { grid: [column: string, values: JsonText[]][] }
  | { glob: string | string[] }
  | { json: string; encoding?: string } | { jsonl: string; encoding?: string } | { csv: string; delimiter?: string; encoding?: string } | { lines: string; encoding?: string };

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
  /** what becomes of a result with NaN or an infinity in it, for which JSON has no word: its task fails, or it is null */
  nan: 'fail' | 'null';
  rerunOn: ('args' | 'code')[];
  engine: { kind: 'local' } | { kind: 'dask'; address: string };
}

/** Whether rows are names of files, whose bytes may be no UTF-8. */
export const areNames = (over: Over): boolean => 'glob' in over || ('encoding' in over && over.encoding === asBytes);

/** Whether a row that is an object becomes keyword arguments of a Python function: where it says so, or the columns of a grid are named. */
export const takesKeywords = ({ run, over }: Pick<Workload, 'run' | 'over'>): boolean =>
  'python' in run && (run.call === 'keywords' || (run.call === undefined && 'grid' in over));
