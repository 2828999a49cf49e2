import { closeSync, fstatSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { codeOf } from '../../core/errors';
import { parsed } from '../../core/json';
import { openToAppend, removeFile } from '../../observe/record/ownFiles';
import { openRegular } from '../../observe/record/regularFile';
import { WriteError } from './fileErrors';
import { formatKey, hashOf } from '../file/keys';
import { LineBuffer } from '../file/lineBuffer';
import { keptRow, type CloseLine, type DoneLine, type FailLine, type JournalLine, type OpenLine, type PastLine } from '../protocol';
import type { TaskError, Result, Task, Outcome } from '../task';

/** Appends to the journal. Lines are gathered and written by {@link flush}, in one system call. */
export class Journal {
  #descriptor: number;
  #lines: LineBuffer;
  /** bytes of earlier runs */
  #earlier: number;
  /** tasks whose lines may not be in the file */
  unwritten = 0;

  constructor(private readonly path: string) {
    this.#descriptor = this.#writing(() => openToAppend(path, true));
    this.#lines = new LineBuffer(this.#descriptor);
    this.#writing(() => this.#healTornLine());
    this.#earlier = fstatSync(this.#descriptor).size;
  }

  #writing<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw new WriteError(this.path, 'The journal', error);
    }
  }

  /** Puts other lines in the place of those of earlier runs, in one step: whoever reads sees the file of before or the new one. */
  replaceEarlier(write: (journal: { add: (line: string) => void; end: number }) => void): void {
    this.flush();
    this.#writing(() => {
      const draft = `${this.path}.part`;
      removeFile(draft);
      const descriptor = openToAppend(draft, true);
      try {
        const lines = new LineBuffer(descriptor);
        write({ add: (line) => lines.add(line), end: this.#earlier });
        lines.flush();
        const earlier = fstatSync(descriptor).size;
        const chunk = Buffer.allocUnsafe(1 << 20);
        for (let from = this.#earlier; from < fstatSync(this.#descriptor).size;) from += writeSync(descriptor, chunk, 0, readSync(this.#descriptor, chunk, 0, chunk.length, from));
        renameSync(draft, this.path);
        closeSync(this.#descriptor);
        [this.#descriptor, this.#lines, this.#earlier] = [descriptor, lines, earlier];
      } catch (error) {
        closeSync(descriptor);
        rmSync(draft, { force: true });
        throw error;
      }
    });
  }

  /** A runner that was killed may have left half a line: it is closed off, and readers pass over it. */
  #healTornLine(): void {
    const { size } = fstatSync(this.#descriptor);
    const last = Buffer.alloc(1);
    if (size > 0 && readSync(this.#descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 10) writeSync(this.#descriptor, '\n');
  }

  /** Throws {@link WriteError} as {@link flush} does. */
  note(line: OpenLine | CloseLine): void {
    this.#lines.add(`${JSON.stringify(line)}\n`);
    this.flush();
  }

  /** Never throws. */
  done(outcome: Outcome, value: string): void {
    this.unwritten++;
    this.#lines.add(`{"e":"done",${common(outcome)},"v":${value}${rowPart(outcome.task)}}\n`);
  }

  /** Never throws. */
  failed(outcome: Outcome, error: TaskError, again: boolean): void {
    this.unwritten++;
    this.#lines.add(`{"e":"fail",${common(outcome)},"again":${again},"error":${JSON.stringify(error)}${rowPart(outcome.task)}}\n`);
  }

  /** Throws {@link WriteError} where the file takes no more; what it has not taken is tried again the next time. */
  flush(): void {
    this.#writing(() => this.#lines.flush());
    this.unwritten = 0;
  }

  close(): void {
    try {
      this.flush();
    } finally {
      closeSync(this.#descriptor);
    }
  }
}

function common({ task, worker, startedAt, answer, logStart }: Outcome): string {
  const facts = answer.facts === undefined ? '' : `,"facts":${answer.facts}`;
  return `"i":${task.index},"w":${worker},"a":${task.attempt},"t":${startedAt},"us":${answer.duration},"log":[${logStart},${answer.logEnd}]${facts}`;
}

function rowPart({ row }: Task): string {
  return row.length > keptRow ? `,"k":"${formatKey(hashOf(row))}"` : `,"n":${row.length},"row":${row}`;
}

/** The row's text in a journal line; undefined where only its hash was kept. */
export function rowText(line: string, entry: { n?: number }): string | undefined {
  return entry.n === undefined ? undefined : line.slice(line.length - 1 - entry.n, -1);
}

/** The result's text in the line of a task that is done, byte for byte as the worker wrote it. */
export function valueText(line: string, entry: { n?: number; k?: string }): string {
  const after = entry.n === undefined ? `,"k":"${entry.k ?? ''}"`.length : `,"n":${entry.n},"row":`.length + entry.n;
  return line.slice(line.indexOf(',"v":') + 5, line.length - 1 - after);
}

/** The result that the line of a task holds, of the row with that number. */
export function resultIn(text: string, entry: DoneLine | PastLine | FailLine, index = entry.i): Result {
  const common = { index, row: rowText(text, entry), microseconds: entry.us };
  return entry.e === 'fail' ? { ...common, value: undefined, error: entry.error } : { ...common, value: valueText(text, entry), error: undefined };
}

/** Calls back for each whole line of a journal that can be read. A file that is not there is an empty one. */
export function readJournal(path: string, visit: (line: JournalLine, text: string) => void, end?: number): void {
  readLines(path, (text) => {
    const line = parsed<JournalLine>(text);
    if (line) visit(line, text);
  }, end);
}

/** The last line, if it is whole and short. */
export function lastLine(path: string): JournalLine | undefined {
  const descriptor = openRegular(path);
  try {
    const tail = Buffer.alloc(4096);
    const { size } = fstatSync(descriptor);
    const length = readSync(descriptor, tail, 0, tail.length, Math.max(0, size - tail.length));
    return parsed<JournalLine>(tail.toString('utf8', 0, length).trimEnd().split('\n').at(-1) ?? '');
  } finally {
    closeSync(descriptor);
  }
}

/** Calls back for each line that ends with a line break, within the first `end` bytes. */
export function readLines(path: string, visit: (text: string) => void, end = Infinity): void {
  let descriptor: number;
  try {
    descriptor = openRegular(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const chunk = Buffer.allocUnsafe(1 << 20);
  let parts: Buffer[] = [];
  try {
    let left = end;
    const more = (): number => readSync(descriptor, chunk, 0, Math.min(chunk.length, left), null);
    for (let length = more(); length > 0; length = more()) {
      left -= length;
      const last = chunk.subarray(0, length).lastIndexOf(10);
      if (last === -1) {
        parts.push(Buffer.from(chunk.subarray(0, length)));
        continue;
      }
      const text = Buffer.concat([...parts, chunk.subarray(0, last)]).toString();
      parts = [Buffer.from(chunk.subarray(last + 1, length))];
      for (const line of text.split('\n')) visit(line);
    }
  } finally {
    closeSync(descriptor);
  }
}
