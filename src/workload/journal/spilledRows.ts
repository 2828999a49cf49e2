import { closeSync, readSync, rmSync, writeSync } from 'node:fs';
import { openAfresh } from '../../observe/record/ownFiles';
import type { JsonText } from '../file/jsonText';

/** Rows that the journal tells by their hash alone, on disk until their results are told again. Memory: some 100 bytes a row. */
export class HeldRows {
  readonly #places = new Map<number, { offset: number; length: number }>();
  #descriptor: number | undefined;
  #size = 0;

  constructor(private readonly path: string) {}

  /** Never throws: a row for which the disk has no room is missing in the results, and no more. */
  add(index: number, row: JsonText): void {
    const data = Buffer.from(row);
    try {
      this.#descriptor ??= openAfresh(this.path);
      if (writeSync(this.#descriptor, data, 0, data.length, this.#size) === data.length) this.#places.set(index, { offset: this.#size, length: data.length });
      this.#size += data.length;
    } catch {
      // It is told without its row.
    }
  }

  /** The row with that number, if it is here. */
  row(index: number): JsonText | undefined {
    const place = this.#places.get(index);
    if (!place || this.#descriptor === undefined) return undefined;
    const data = Buffer.allocUnsafe(place.length);
    readSync(this.#descriptor, data, 0, place.length, place.offset);
    return data.toString();
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    this.#places.clear();
    rmSync(this.path, { force: true });
  }
}
