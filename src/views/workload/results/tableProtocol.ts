import type { Order, RowStatus } from '../../../workload/file/rowOrder';

/** What the results table and its host say to each other. The host owns the data; the page has the rows it shows. */

export interface TableRow {
  index: number;
  status: RowStatus | 'running';
  /** shortened JSON of the row, and of the result or the words of the error */
  row: string;
  result: string;
  /** ms; null while it has none */
  milliseconds: number | null;
  worker: number | null;
  attempt: number | null;
}

/** Everything about one row; texts are cut at a length that a page can bear. */
export interface TableDetail {
  index: number;
  status: TableRow['status'];
  row: string;
  value: string | null;
  error: { title: string; traceback: string; file: string | null; line: number | null } | null;
  hasOutput: boolean;
}

export interface TableHead {
  name: string;
  state: string;
  counts: string;
  /** 0 to 1, null where the number of rows is not known */
  share: number | null;
  failedShare: number;
  summary: string[];
  live: boolean;
  paused: boolean;
  failed: number;
}

export type ToPage =
  | { do: 'head'; head: TableHead }
  /** the rows have changed or are arranged anew: what is shown is to be asked for again. `view` counts these, and rows are told for one */
  | { do: 'arranged'; view: number; total: number; order: Order }
  /** it takes a while: what was shown before stays meanwhile */
  | { do: 'arranging' }
  | { do: 'rows'; view: number; from: number; rows: TableRow[] }
  | { do: 'detail'; detail: TableDetail };

export type Act = 'output' | 'goTo' | 'again' | 'debug';
export type ToHost =
  | { do: 'ready' }
  | { do: 'want'; from: number; count: number }
  | { do: 'order'; order: Order }
  | { do: 'select'; index: number }
  | { do: 'act'; act: Act; index: number }
  | { do: 'open'; file: string; line: number }
  | { do: 'whole'; act: 'export' | 'retryFailed' | 'pause' | 'resume' | 'stop' | 'goOn' };
