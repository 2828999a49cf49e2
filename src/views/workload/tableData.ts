import { rowText, valueText } from '../../workload/journal';
import { JournalIndex, type TaskEntry } from '../../workload/journalIndex';
import type { Order } from '../../workload/rowOrder';
import type { Result } from '../../workload/results';
import type { Followed } from './followed';
import type { TableDetail, TableRow } from './tableProtocol';

const cellLength = 300;
const detailLength = 100_000;
const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}…` : text);

/** A run's rows in the order that a person has chosen. */
export class TableData {
  readonly #index: JournalIndex;
  #view: Uint32Array | undefined;
  #arranged = -1;
  #order: Order = { by: 'row', descending: false, status: 'all' };

  constructor(public followed: Followed) {
    this.#index = new JournalIndex(followed.directory);
  }

  get order(): Order {
    return this.#order;
  }

  /** Takes effect with the next {@link arrange}. */
  set order(order: Order) {
    this.#order = order;
    this.#arranged = -1;
  }

  /** Grows with every change of the rows. */
  get version(): number {
    return this.#index.version;
  }

  /** Reads what is new. */
  update(): Promise<void> {
    return this.#index.update();
  }

  get #all(): number {
    return Math.max(this.followed.progress?.total ?? 0, this.#index.length);
  }

  /** How many rows are to be shown. */
  get total(): number {
    return this.#view?.length ?? this.#all;
  }

  /** Brings the order up to date. Returns the ms that it took. */
  arrange(): number {
    const began = Date.now();
    if (this.#arranged !== this.version) this.#view = this.#index.arrange(this.order, this.#all);
    this.#arranged = this.version;
    return Date.now() - began;
  }

  /** Numbers of the rows at places of the view. */
  #at(from: number, count: number): number[] {
    const length = Math.max(0, Math.min(count, this.total - from));
    return Array.from({ length }, (_, i) => (this.#view ? (this.#view[from + i] ?? 0) : from + i));
  }

  rows(from: number, count: number): Promise<TableRow[]> {
    return this.#rowsOf(this.#at(from, count));
  }

  async #rowsOf(numbers: readonly number[]): Promise<TableRow[]> {
    const lines = await this.#index.lines(numbers);
    const running = new Map(this.followed.isLive ? this.followed.progress?.workers.flatMap(({ row, number }) => (row ? [[row.index, { text: row.text, worker: number }]] : [])) : []);
    return numbers.map((index, i): TableRow => {
      const line = lines[i];
      const now = running.get(index);
      if (!line) return { index, status: now ? 'running' : 'waiting', row: now?.text ?? '', result: '', milliseconds: null, worker: now?.worker ?? null, attempt: null };
      const { entry, text } = line;
      return {
        index, status: now ? 'running' : this.#index.status(index), row: cut(rowText(text, entry) ?? '(a row too long to be kept)', cellLength),
        result: cut(entry.e === 'done' ? valueText(text, entry) : `${entry.error.type}: ${entry.error.message}`, cellLength),
        milliseconds: entry.us / 1000, worker: entry.w, attempt: entry.a,
      };
    });
  }

  /** The newest line of a row; undefined where it has none. */
  async line(index: number): Promise<{ entry: TaskEntry; text: string } | undefined> {
    return (await this.#index.lines([index]))[0];
  }

  async detail(index: number): Promise<TableDetail> {
    const line = await this.line(index);
    const [row] = await this.#rowsOf([index]);
    if (!line || !row) return { index, status: row?.status ?? 'waiting', row: row?.row ?? '', value: null, error: null, hasOutput: false };
    const { entry, text } = line;
    const error = entry.e === 'fail' ? entry.error : undefined;
    return {
      index, status: row.status, row: cut(rowText(text, entry) ?? row.row, detailLength), value: entry.e === 'done' ? cut(valueText(text, entry), detailLength) : null,
      error: error ? { title: `${error.type}: ${error.message}`, traceback: cut(error.traceback ?? '', detailLength), file: error.file ?? null, line: error.line ?? null } : null,
      hasOutput: entry.log[1] > entry.log[0] || entry.facts?.out !== undefined,
    };
  }

  /** The results of the rows that are shown, in their order, in batches. */
  async *results(): AsyncGenerator<Result[]> {
    const batch = 500;
    for (let from = 0; from < this.total; from += batch) {
      const lines = await this.#index.lines(this.#at(from, batch));
      yield lines.flatMap((line): Result[] => {
        if (!line || (line.entry.e === 'fail' && line.entry.again)) return [];
        const { entry, text } = line;
        const common = { index: entry.i, row: rowText(text, entry), microseconds: entry.us };
        return [entry.e === 'done' ? { ...common, value: valueText(text, entry), error: undefined } : { ...common, value: undefined, error: entry.error }];
      });
    }
  }
}
