import { hashOf, keyOf, KeyCounts, parseKey } from './keys';
import { lastLine, readJournal, readLines, rowText, valueText } from './journal';
import { keptRow, type JournalLine } from './protocol';
import type { Result } from './results';

type TaskEntry = Extract<JournalLine, { e: 'done' | 'fail' }>;

function keyOfEntry(entry: TaskEntry, text: string, byContent: boolean): [number, number] | undefined {
  if (!byContent) return [entry.i + 1, 0];
  if (entry.k !== undefined) return parseKey(entry.k);
  const row = rowText(text, entry);
  return row === undefined ? undefined : hashOf(row);
}

/** What a journal tells of earlier runs with the same code. */
export class Earlier {
  readonly #done = new KeyCounts();
  readonly #failed = new KeyCounts();
  #any = false;

  /** `code`: hash of the code now; null: the code does not matter. */
  constructor(private readonly path: string, private readonly code: string | null, private readonly byContent: boolean) {
    this.#visit((entry, text) => {
      const key = keyOfEntry(entry, text, byContent);
      if (!key) return;
      this.#any = true;
      // A row that failed and was done later is done: the failure is taken back.
      if (entry.e === 'fail' && !entry.again) this.#failed.add(key);
      if (entry.e === 'done') {
        this.#done.add(key);
        this.#failed.take(key);
      }
    });
  }

  get isEmpty(): boolean {
    return !this.#any;
  }

  #visit(visit: (entry: TaskEntry, text: string) => void): void {
    let fits = false;
    readJournal(this.path, (line, text) => {
      if (line.e === 'open') fits = this.code === null || line.code === this.code;
      else if (fits && (line.e === 'done' || line.e === 'fail')) visit(line, text);
    });
  }

  /** What became of a row; each of several equal rows is told once. */
  take(index: number, row: string): 'done' | 'failed' | 'new' {
    if (!this.#any) return 'new';
    const key = keyOf(index, row, this.byContent);
    return this.#done.take(key) !== undefined ? 'done' : this.#failed.take(key) !== undefined ? 'failed' : 'new';
  }

  /**
   * The results of the rows that are not run again, each once, under the number that the row has now: so that the
   * results of a resumed workload are whole.
   */
  results(done: KeyCounts, failed: KeyCounts, use: (result: Result) => void): void {
    this.#visit((entry, text) => {
      const key = keyOfEntry(entry, text, this.byContent);
      if (!key || (entry.e === 'fail' && entry.again)) return;
      const index = (entry.e === 'done' ? done : failed).take(key);
      if (index === undefined) return;
      const common = { index, row: rowText(text, entry), microseconds: entry.us };
      use(entry.e === 'done' ? { ...common, value: valueText(text, entry), error: undefined } : { ...common, value: undefined, error: entry.error });
    });
  }
}

/** The length of the row's text, read from the line's end: the one place where `,"n":` is followed by just so much. */
function lengthOfRow(text: string): number | undefined {
  for (const found of text.slice(-(keptRow + 32)).matchAll(/,"n":(\d+),"row":/g)) {
    const start = Math.max(0, text.length - keptRow - 32) + found.index + found[0].length;
    if (text.length - 1 - start === Number(found[1])) return Number(found[1]);
  }
  return undefined;
}

/** Where no task was longer than this (µs), their order does not matter. */
const longTask = 100_000;

/** How long each row took in the runs of a journal, µs; the newest counts. Undefined where that is of no use. */
export function durationsIn(path: string): Map<string, number> | undefined {
  const close = lastLine(path);
  if (close?.e === 'close' && close.longest < longTask) return undefined;
  const found = new Map<string, number>();
  readLines(path, (text) => {
    // Not parsed: of a million lines only two fields are wanted, which the journal writes in a fixed order.
    if (!text.startsWith('{"e":"done"')) return;
    const length = lengthOfRow(text);
    if (length !== undefined) found.set(text.slice(text.length - 1 - length, -1), Number(/,"us":(\d+),/.exec(text)?.[1]));
  });
  return found.size ? found : undefined;
}
