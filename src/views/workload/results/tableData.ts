import { resultIn, rowText, valueText } from '../../../workload/journal/journal';
import { JournalIndex, type TaskEntry } from '../../../workload/journal/journalIndex';
import type { Order } from '../../../workload/file/rowOrder';
import { inStretches } from '../../../workload/journal/sorting';
import type { Followed } from '../run/followed';
import type { TableDetail, TableRow } from './tableProtocol';
import type { Result } from '../../../workload/task';

const cellLength = 300;
const detailLength = 100_000;
const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}…` : text);

const isSameOrder = (a: Order, b: Order): boolean => a.by === b.by && a.descending === b.descending && a.status === b.status;

/** A run's rows in the order that a person has chosen. */
export class TableData {
  readonly #index: JournalIndex;
  #view: Uint32Array | undefined;
  /** what the view shows, and what a sort that is under way will show */
  #shown: { order: Order; version: number } | undefined;
  #arranging: { order: Order; done: Promise<boolean> } | undefined;
  /** of two sorts the later one counts */
  #turn = 0;
  /** as the person wants it; takes effect with the next {@link arrange} */
  order: Order = { by: 'row', descending: false, status: 'all' };

  constructor(public followed: Followed) {
    this.#index = new JournalIndex(followed.directory);
  }

  /** The order that the view has now. */
  get shown(): Order {
    return this.#shown?.order ?? this.order;
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

  /** Brings the order up to date, and lets others have their turn meanwhile. False when another order was wanted before it was done. */
  arrange(): Promise<boolean> {
    const { order, version } = this;
    if (this.#shown?.version === version && isSameOrder(this.#shown.order, order)) {
      this.close();
      return Promise.resolve(true);
    }
    if (this.#arranging && isSameOrder(this.#arranging.order, order)) return this.#arranging.done;
    const turn = ++this.#turn;
    const done = this.#sort(order, version, () => turn !== this.#turn);
    this.#arranging = { order, done };
    return done;
  }

  async #sort(order: Order, version: number, calledOff: () => boolean): Promise<boolean> {
    // Whoever began this knows of it before it has ended.
    await Promise.resolve();
    const arranged = await inStretches(this.#index.arrange(order, this.#all), calledOff);
    if (!arranged || calledOff()) return false;
    this.#view = arranged.rows;
    this.#shown = { order, version };
    this.#arranging = undefined;
    return true;
  }

  /** Calls off a sort that is under way. */
  close(): void {
    this.#turn++;
    this.#arranging = undefined;
  }

  /** Numbers of the rows at places of the view. */
  #at(from: number, count: number, view = this.#view, total = this.total): number[] {
    const length = Math.max(0, Math.min(count, total - from));
    return Array.from({ length }, (_, i) => (view ? (view[from + i] ?? 0) : from + i));
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

  /** The results of the rows that are shown now, in their order, in batches, whatever is shown later. */
  async *results(): AsyncGenerator<Result[]> {
    const batch = 500;
    const [view, total] = [this.#view, this.total];
    for (let from = 0; from < total; from += batch) {
      const lines = await this.#index.lines(this.#at(from, batch, view, total));
      yield lines.flatMap((line): Result[] => {
        if (!line || (line.entry.e === 'fail' && line.entry.again)) return [];
        return [resultIn(line.text, line.entry)];
      });
    }
  }
}
