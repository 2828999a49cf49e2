import type { Earlier } from '../journal/earlier';
import { mostNamed } from '../journal/failedTasks';
import { keyOf, KeyCounts } from './keys';

/** Which rows of a resumed workload are to run: those without a result, those that failed, or both. */
export interface Wanted {
  missing: boolean;
  failed: boolean;
  /** also what has a result */
  done?: boolean;
}

/** Decides row by row what is to run, and remembers what is not. */
export class Selection {
  readonly done = new KeyCounts();
  readonly failed = new KeyCounts();
  /** rows whose result is known, failures among them, and rows that nobody asked for */
  skipped = 0;
  failures = 0;
  /** the first rows whose failure is known */
  readonly failedRows: number[] = [];
  left = 0;

  constructor(private readonly earlier: Earlier | undefined, private readonly wanted: Wanted, private readonly byContent: boolean, private readonly only?: ReadonlySet<number>) {}

  takes(index: number, row: string): boolean {
    const state = this.earlier && !this.earlier.isEmpty ? this.earlier.take(index, row) : 'new';
    if (state === 'new') {
      const takes = this.wanted.missing && this.#isMeant(index);
      if (!takes) this.left++;
      return takes;
    }
    if (this.wanted[state] === true && this.#isMeant(index)) return true;
    this[state].add(keyOf(index, row, this.byContent), index);
    this.skipped++;
    if (state === 'failed') {
      this.failures++;
      if (this.failedRows.length < mostNamed) this.failedRows.push(index);
    }
    return false;
  }

  #isMeant(index: number): boolean {
    return this.only === undefined || this.only.has(index);
  }
}
