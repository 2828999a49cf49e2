import { open, type FileHandle } from 'node:fs/promises';
import { durationAt, JournalTail, kindOf, rowNumberAt } from './journalTail';
import { journalOf, type DoneLine, type FailLine } from './protocol';
import { statuses, type Order, type RowStatus } from './rowOrder';

export type TaskEntry = DoneLine | FailLine;

/**
 * Where in a journal the newest line of each row stands. Ten bytes a row, so that ten million rows can be shown: the
 * lines themselves stay in the file and are read when they are looked at.
 */
export class JournalIndex {
  #low = new Uint32Array(1024);
  #high = new Uint8Array(1024);
  #status = new Uint8Array(1024);
  #microseconds = new Uint32Array(1024);
  #length = 0;
  readonly #tail: JournalTail;
  readonly counts = { done: 0, failed: 0 };
  /** grows with every line */
  version = 0;

  constructor(private readonly run: string) {
    this.#tail = new JournalTail(journalOf(run), (buffer, from, to, offset) => this.#add(buffer, from, to, offset));
  }

  /** Rows are numbered below this, as far as the journal tells. */
  get length(): number {
    return this.#length;
  }

  /** Reads what has been written since. */
  update(): Promise<void> {
    return this.#tail.read();
  }

  #add(buffer: Buffer, from: number, to: number, offset: number): void {
    const kind = kindOf(buffer, from);
    if ((kind !== 'done' && kind !== 'fail') || buffer[to - 1] !== 125) return;
    const index = rowNumberAt(buffer, from);
    if (index >= this.#low.length) this.#grow(index);
    const again = kind === 'fail' && /,"again":true,"[nk]":/.test(buffer.toString('latin1', from, to));
    const status = kind === 'done' ? 1 : again ? 3 : 2;
    this.#count(this.#status[index], -1);
    this.#count(status, 1);
    this.#low[index] = offset % 2 ** 32;
    this.#high[index] = Math.floor(offset / 2 ** 32);
    this.#status[index] = status;
    this.#microseconds[index] = Math.min(durationAt(buffer, from), 2 ** 32 - 1);
    this.#length = Math.max(this.#length, index + 1);
    this.version++;
  }

  #count(status: number | undefined, by: number): void {
    if (status === 1) this.counts.done += by;
    if (status === 2) this.counts.failed += by;
  }

  #grow(index: number): void {
    const length = Math.max(index + 1, this.#low.length * 2);
    const grown = <T extends Uint32Array | Uint8Array>(array: T, empty: T): T => {
      empty.set(array);
      return empty;
    };
    this.#low = grown(this.#low, new Uint32Array(length));
    this.#high = grown(this.#high, new Uint8Array(length));
    this.#status = grown(this.#status, new Uint8Array(length));
    this.#microseconds = grown(this.#microseconds, new Uint32Array(length));
  }

  status(index: number): RowStatus {
    return statuses[this.#status[index] ?? 0] ?? 'waiting';
  }

  /** The rows as they are to be shown, by number; undefined: all of them as they stand. `total`: how many there are, with those that wait. */
  arrange({ by, descending, status }: Order, total: number): Uint32Array | undefined {
    if (status === 'all' && by === 'row' && !descending) return undefined;
    const chosen = this.#chosen(status, Math.max(total, this.#length));
    const sorted = by === 'time' ? sortBy(chosen, this.#microseconds) : chosen;
    return descending ? sorted.reverse() : sorted;
  }

  #chosen(status: Order['status'], total: number): Uint32Array {
    const found = new Uint32Array(total);
    if (status === 'all') {
      for (let index = 0; index < total; index++) found[index] = index;
      return found;
    }
    const wanted = statuses.indexOf(status);
    let length = 0;
    for (let index = 0; index < total; index++) if ((this.#status[index] ?? 0) === wanted) found[length++] = index;
    return found.slice(0, length);
  }

  /** The newest lines of rows, in their order; undefined where a row has none. */
  async lines(rows: readonly number[]): Promise<({ entry: TaskEntry; text: string } | undefined)[]> {
    if (!rows.some((row) => this.status(row) !== 'waiting')) return rows.map(() => undefined);
    const file = await open(journalOf(this.run), 'r');
    try {
      return await Promise.all(rows.map(async (row) => {
        if (this.status(row) === 'waiting') return undefined;
        const text = await lineAt(file, (this.#high[row] ?? 0) * 2 ** 32 + (this.#low[row] ?? 0));
        return { entry: JSON.parse(text) as TaskEntry, text };
      }));
    } finally {
      await file.close();
    }
  }
}

async function lineAt(file: FileHandle, offset: number): Promise<string> {
  for (let length = 4096; ; length *= 8) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
    const end = buffer.subarray(0, bytesRead).indexOf(10);
    if (end !== -1 || bytesRead < length) return buffer.toString('utf8', 0, end === -1 ? bytesRead : end);
  }
}

/** Sorts numbers by a key of 32 bits each, stable: two passes of a radix sort, because a comparator takes ten seconds for ten million. */
export function sortBy(rows: Uint32Array, keys: Uint32Array): Uint32Array {
  let from = rows;
  let to: Uint32Array = new Uint32Array(rows.length);
  const { length } = rows;
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(65_537);
    // Counted loops: iterators take several times as long over ten million.
    for (let at = 0; at < length; at++) starts[((keys[from[at] as number] as number) >>> shift & 0xffff) + 1]!++;
    for (let at = 1; at < starts.length; at++) starts[at] = (starts[at] ?? 0) + (starts[at - 1] ?? 0);
    for (let at = 0; at < length; at++) {
      const row = from[at] as number;
      to[starts[(keys[row] as number) >>> shift & 0xffff]!++] = row;
    }
    [from, to] = [to, from];
  }
  return from;
}
