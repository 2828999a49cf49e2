import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import type { TaskError } from './protocol';
import type { Result } from './results';

/** Holds results on disk until they can be told in the order of the rows. Memory: 20 bytes a result. */
export class HeldResults {
  readonly #descriptor: number;
  #entries: { index: number; offset: number; length: number }[] = [];
  #size = 0;

  constructor(private readonly path: string) {
    this.#descriptor = openSync(path, 'w+', 0o600);
  }

  add({ index, row, microseconds, value, error }: Result): void {
    // All of them are lines, or parts of one: no line break is in them.
    const data = Buffer.from([index, microseconds, row ?? '', value ?? '', error ? JSON.stringify(error) : ''].join('\n'));
    writeSync(this.#descriptor, data);
    this.#entries.push({ index, offset: this.#size, length: data.length });
    this.#size += data.length;
  }

  /** Tells all by number and forgets them. */
  release(use: (result: Result) => void): void {
    this.#entries.sort((a, b) => a.index - b.index);
    for (const { offset, length } of this.#entries) {
      const data = Buffer.allocUnsafe(length);
      readSync(this.#descriptor, data, 0, length, offset);
      const [index, microseconds, row, value, error] = data.toString().split('\n');
      use({ index: Number(index), microseconds: Number(microseconds), row: row || undefined, value: value || undefined, error: error ? (JSON.parse(error) as TaskError) : undefined });
    }
    this.#entries = [];
    closeSync(this.#descriptor);
    rmSync(this.path, { force: true });
  }
}
