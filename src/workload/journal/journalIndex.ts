import type { FileHandle } from 'node:fs/promises';
import { parsed } from '../../core/json';
import { openRegularLater } from '../../observe/record/regularFile';
import { grown } from '../file/grown';
import { durationAt, isTriedAgain, JournalTail, kindOf, longestLine, rowNumberAt } from './journalTail';
import { journalOf, type DoneLine, type FailLine } from '../protocol';
import { statuses, type Order, type RowStatus } from '../file/rowOrder';
import { slicesOf, sortBy } from './sorting';

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
    this.#tail = new JournalTail(journalOf(run), (buffer, from, to, offset) => this.#add(buffer, from, to, offset), () => this.#clear());
  }

  #clear(): void {
    this.#status.fill(0);
    this.#microseconds.fill(0);
    this.#length = 0;
    this.counts.done = this.counts.failed = 0;
    this.version++;
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
    const again = kind === 'fail' && isTriedAgain(buffer, from);
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
    this.#low = grown(this.#low, index);
    this.#high = grown(this.#high, index);
    this.#status = grown(this.#status, index);
    this.#microseconds = grown(this.#microseconds, index);
  }

  status(index: number): RowStatus {
    return statuses[this.#status[index] ?? 0] ?? 'waiting';
  }

  /**
   * The rows as they are to be shown, by number; `rows` undefined: all of them as they stand. `total`: how many there are,
   * with those that wait. Each `yield` is a place to do other things: what comes meanwhile does not disturb the order.
   */
  *arrange({ by, descending, status }: Order, total: number): Generator<void, { rows: Uint32Array | undefined }> {
    if (status === 'all' && by === 'row' && !descending) return { rows: undefined };
    const chosen = yield* this.#chosen(status, Math.max(total, this.#length));
    const sorted = by === 'time' ? yield* sortBy(chosen, this.#microseconds.slice(0, this.#length)) : chosen;
    return { rows: descending ? sorted.reverse() : sorted };
  }

  *#chosen(status: Order['status'], total: number): Generator<void, Uint32Array> {
    const found = new Uint32Array(total);
    const wanted = status === 'all' ? undefined : statuses.indexOf(status);
    let length = 0;
    for (const [from, to] of slicesOf(total)) {
      for (let index = from; index < to; index++) if (wanted === undefined || (this.#status[index] ?? 0) === wanted) found[length++] = index;
      yield;
    }
    return length === total ? found : found.slice(0, length);
  }

  /** The newest lines of rows, in their order; undefined where a row has none. */
  async lines(rows: readonly number[]): Promise<({ entry: TaskEntry; text: string } | undefined)[]> {
    if (!rows.some((row) => this.status(row) !== 'waiting')) return rows.map(() => undefined);
    const file = await openRegularLater(journalOf(this.run));
    try {
      return await Promise.all(rows.map(async (row) => {
        if (this.status(row) === 'waiting') return undefined;
        const text = await lineAt(file, (this.#high[row] ?? 0) * 2 ** 32 + (this.#low[row] ?? 0));
        const entry = parsed<TaskEntry>(text);
        // Another journal may have taken the place of the one whose places are known.
        return entry?.i === row ? { entry, text } : undefined;
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
    if (end !== -1 || bytesRead < length || length >= longestLine) return buffer.toString('utf8', 0, end === -1 ? bytesRead : end);
  }
}
