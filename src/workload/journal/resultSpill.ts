import { closeSync, readSync, rmSync, writeSync } from 'node:fs';
import { openAfresh } from '../../observe/record/ownFiles';
import type { TaskError, Result } from '../task';

/** A result on disk, or in memory where the disk has no room for it. */
type Entry = { index: number; offset: number; length: number } | { index: number; data: Buffer };

/** Holds results on disk until they can be told in the order of the rows. Memory: 20 bytes a result. */
export class HeldResults {
  readonly #descriptor: number;
  #entries: Entry[] = [];
  #size = 0;

  constructor(private readonly path: string) {
    this.#descriptor = openAfresh(path);
  }

  /** Never throws. */
  add({ index, row, microseconds, value, error }: Result): void {
    // All of them are lines, or parts of one: no line break is in them.
    const data = Buffer.from([index, microseconds, row ?? '', value ?? '', error ? JSON.stringify(error) : ''].join('\n'));
    this.#entries.push(this.#store(data) ? { index, offset: this.#size, length: data.length } : { index, data });
    this.#size += data.length;
  }

  #store(data: Buffer): boolean {
    try {
      return writeSync(this.#descriptor, data, 0, data.length, this.#size) === data.length;
    } catch {
      return false;
    }
  }

  /** Tells all by number and forgets them. */
  release(use: (result: Result) => void): void {
    this.#entries.sort((a, b) => a.index - b.index);
    try {
      for (const entry of this.#entries) {
        const [index, microseconds, row, value, error] = this.#load(entry).toString().split('\n');
        use({ index: Number(index), microseconds: Number(microseconds), row: row || undefined, value: value || undefined, error: error ? (JSON.parse(error) as TaskError) : undefined });
      }
    } finally {
      this.#entries = [];
      closeSync(this.#descriptor);
      rmSync(this.path, { force: true });
    }
  }

  #load(entry: Entry): Buffer {
    if ('data' in entry) return entry.data;
    const data = Buffer.allocUnsafe(entry.length);
    readSync(this.#descriptor, data, 0, entry.length, entry.offset);
    return data;
  }
}
