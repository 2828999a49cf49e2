import { grown } from '../file/grown';
import { formatKey, hashOf, keyOf, KeyCounts, parseKey } from '../file/keys';
import { lastLine, readJournal, readLines, resultIn, rowText } from './journal';
import { keptRow, type JournalLine } from '../protocol';
import type { Result } from '../task';

type TaskEntry = Extract<JournalLine, { e: 'done' | 'past' | 'fail' }>;

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
  /** by the number of a row: a part of the hash of what stood there, odd when that is done; 0: nothing */
  #stood = new Uint32Array(1024);
  /** by the number of a row: results that a newer one has replaced */
  readonly #replaced = new Map<number, number>();
  #length = 0;
  #moved = false;

  /** `code`: hash of the code now; null: the code does not matter. */
  constructor(private readonly path: string, private readonly code: string | null, private readonly byContent: boolean) {
    this.#visit((entry, text) => {
      const key = keyOfEntry(entry, text, byContent);
      if (!key) return;
      this.#any = true;
      // It is tried once more: what comes of that counts.
      if (entry.e === 'fail' && entry.again) return;
      const wasDone = entry.e !== 'past' && this.#stand(entry.i, key, entry.e === 'done');
      // The newest word on a row counts: what is done after a failure is done, what fails when it is run again has failed.
      if (entry.e === 'fail') {
        if (wasDone) this.#done.take(key);
        this.#failed.add(key);
      } else if (!wasDone) {
        this.#done.add(key);
        this.#failed.take(key);
      }
    });
  }

  get isEmpty(): boolean {
    return !this.#any;
  }

  #visit(visit: (entry: TaskEntry, text: string) => void, other?: (text: string) => void, end?: number): void {
    let fits = false;
    readJournal(this.path, (line, text) => {
      if (line.e === 'open') fits = this.code === null || line.code === this.code;
      else if (fits && line.e !== 'close') return visit(line, text);
      if (line.e === 'open' || line.e === 'close') other?.(text);
    }, end);
  }

  /** Notes what stands under a number. True when the same row was done before, whose result this takes the place of. */
  #stand(index: number, key: readonly [number, number], isDone: boolean): boolean {
    this.#stood = grown(this.#stood, index);
    const part = partOf(key);
    const wasDone = this.#stood[index] === part + 1;
    if (wasDone) this.#replaced.set(index, (this.#replaced.get(index) ?? 0) + 1);
    this.#stood[index] = part + (isDone ? 1 : 0);
    this.#length = Math.max(this.#length, index + 1);
    return wasDone;
  }

  /** What became of a row; each of several equal rows is told once. */
  take(index: number, row: string): 'done' | 'failed' | 'new' {
    if (!this.#any) return 'new';
    const key = keyOf(index, row, this.byContent);
    const found = this.#done.take(key) !== undefined ? 'done' : this.#failed.take(key) !== undefined ? 'failed' : 'new';
    const stood = this.#stood[index] ?? 0;
    if ((found !== 'new' || stood !== 0) && stood - (stood & 1) !== partOf(key)) this.#moved = true;
    return found;
  }

  /** Whether rows have come to stand under other numbers than before. `count`: how many there are, once all were asked for. */
  hasMoved(count: number): boolean {
    return (this.#moved ||= this.#length > count);
  }

  /** True for a result that a later line of the same row takes the place of. */
  #isReplaced({ e, i }: TaskEntry): boolean {
    const left = e === 'done' ? (this.#replaced.get(i) ?? 0) : 0;
    if (left > 0) this.#replaced.set(i, left - 1);
    return left > 0;
  }

  /**
   * The results of the rows that are not run again, each once, under the number that the row has now: so that the
   * results of a resumed workload are whole. `journal` gets the lines that tell as much, from the first `end` bytes.
   */
  results(done: KeyCounts, failed: KeyCounts, use: (result: Result) => void, journal?: { add: (line: string) => void; end: number }): void {
    this.#visit((entry, text) => {
      const key = keyOfEntry(entry, text, this.byContent);
      if (!key || (entry.e === 'fail' && entry.again) || this.#isReplaced(entry)) return;
      const now = (entry.e === 'fail' ? failed : done).take(key);
      if (now === undefined) {
        if (entry.e !== 'fail') journal?.add(numbered(text, 'past', entry.i));
        return;
      }
      const index = this.#moved ? now : entry.i;
      journal?.add(numbered(text, entry.e === 'fail' ? 'fail' : 'done', index));
      use(resultIn(text, entry, index));
    }, (text) => journal?.add(`${text}\n`), journal?.end);
  }
}

/** The line of a task under another number; all kinds of them are told by four letters. */
const numbered = (text: string, kind: 'done' | 'past' | 'fail', index: number): string => `{"e":"${kind}","i":${index}${text.slice(text.indexOf(',', beforeNumber))}\n`;
const beforeNumber = '{"e":"done","i":'.length;

/** An even number that is not 0. */
const partOf = ([high, low]: readonly [number, number]): number => ((high ^ low) << 1) >>> 0 || 2;

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
/** µs that a row costs where the longest go first: it is hashed twice, kept and sorted, and nothing starts before the last one is read. What the order saves is the longest task at most. */
const sortingCost = 10;

/** How long a row took last time, µs; undefined where that is not known. */
export type ExpectedOf = (row: string) => number | undefined;

// Not parsed: of a million lines only two fields are wanted, which the journal writes in a fixed order.
const isDone = (text: string): boolean => text.startsWith('{"e":"done"');
const durationOf = (text: string): number => Number(/,"us":(\d+),/.exec(text)?.[1]);

/** The longest task (µs) of a journal and how many there were: from its last line, or from all of them where the runner was killed. */
function extentOf(path: string): { longest: number; rows: number } {
  const close = lastLine(path);
  if (close?.e === 'close') return { longest: close.longest, rows: close.done + close.failed };
  const extent = { longest: 0, rows: 0 };
  readLines(path, (text) => {
    if (!isDone(text)) return;
    extent.rows++;
    extent.longest = Math.max(extent.longest, durationOf(text));
  });
  return extent;
}

/**
 * How long the rows took in the runs of a journal; the newest counts. Undefined where that is of no use: all tasks were
 * short, or there were so many rows that sorting them takes longer than it saves. Memory: a hash a row, never the rows
 * themselves.
 */
export function durationsIn(path: string, most: number): ExpectedOf | undefined {
  const { longest, rows } = extentOf(path);
  if (longest < Math.max(longTask, rows * sortingCost)) return undefined;
  const found = new Map<string, number>();
  readLines(path, (text) => {
    const length = isDone(text) ? lengthOfRow(text) : undefined;
    if (length !== undefined && found.size <= most) found.set(formatKey(hashOf(text.slice(text.length - 1 - length, -1))), durationOf(text));
  });
  return found.size > 0 && found.size <= most ? (row) => found.get(formatKey(hashOf(row))) : undefined;
}
