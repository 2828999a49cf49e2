import { createHash } from 'node:crypto';
import { grown } from './grown';

/** Hash of a row's text as two halves of 64 bits. */
export function hashOf(text: string): [high: number, low: number] {
  const digest = createHash('sha256').update(text).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}

export const formatKey = ([high, low]: readonly [number, number]): string => high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
export const parseKey = (text: string): [number, number] => [parseInt(text.slice(0, 8), 16), parseInt(text.slice(8, 16), 16)];

/** A row's identity: its content, or its number where the workload is not to look at the arguments. */
export const keyOf = (index: number, row: string, byContent: boolean): [number, number] => (byContent ? hashOf(row) : [index + 1, 0]);

/**
 * How often each key is there, in 24 bytes a key: a Map would take ten times that, and there may be ten million rows.
 * Equal rows count one by one. Open addressing, at most two thirds full.
 */
export class KeyCounts {
  #high = new Uint32Array(1024);
  #low = new Uint32Array(1024);
  /** one more than the count; 0 marks a free place */
  #count = new Int32Array(1024);
  #index = new Int32Array(1024);
  #used = 0;
  /** of rows with equal keys: the number that was remembered before this one */
  #before = new Uint32Array(0);

  /** Counts a key once more. `index`: a number to remember with it. */
  add([high, low]: readonly [number, number], index = 0): void {
    if (this.#used * 3 > this.#high.length * 2) this.#grow();
    const at = this.#find(high, low);
    const count = this.#count[at] ?? 0;
    if (count > 1) this.#chain(index, this.#index[at] ?? 0);
    this.#count[at] = count + 1;
    this.#index[at] = index;
  }

  #chain(index: number, before: number): void {
    this.#before = grown(this.#before, index);
    this.#before[index] = before;
  }

  /** Takes one of a key and tells the number remembered with it, the last first; undefined when there is none. */
  take(key: readonly [number, number]): number | undefined {
    const at = this.#find(key[0], key[1], false);
    const count = this.#count[at] ?? 0;
    if (at === -1 || count <= 1) return undefined;
    const index = this.#index[at] ?? 0;
    this.#count[at] = count - 1;
    if (count > 2) this.#index[at] = this.#before[index] ?? 0;
    return index;
  }

  #find(high: number, low: number, claim = true): number {
    const mask = this.#high.length - 1;
    for (let at = (low ^ high) & mask; ; at = (at + 1) & mask) {
      if (this.#count[at] !== 0) {
        if (this.#high[at] === high && this.#low[at] === low) return at;
        continue;
      }
      if (!claim) return -1;
      this.#high[at] = high;
      this.#low[at] = low;
      this.#count[at] = 1;
      this.#used++;
      return at;
    }
  }

  #grow(): void {
    const [high, low, count, index] = [this.#high, this.#low, this.#count, this.#index];
    const length = high.length * 2;
    [this.#high, this.#low, this.#count, this.#index, this.#used] = [new Uint32Array(length), new Uint32Array(length), new Int32Array(length), new Int32Array(length), 0];
    for (let at = 0; at < high.length; at++) {
      if (count[at] === 0) continue;
      const place = this.#find(high[at] ?? 0, low[at] ?? 0);
      this.#count[place] = count[at] ?? 0;
      this.#index[place] = index[at] ?? 0;
    }
  }
}
