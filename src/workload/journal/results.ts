import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { HumanError } from '../../core/errors';
import { CsvLines } from '../file/csvFile';
import { reasonOf, WriteError } from './fileErrors';
import { LineBuffer } from '../file/lineBuffer';
import type { Result } from '../task';

/** A result as a line of JSON. */
export function jsonLine({ index, row, microseconds, value, error }: Result): string {
  const given = row === undefined ? '' : `,"row":${row}`;
  const outcome = error ? `"failed","error":${JSON.stringify(error)}` : `"done","value":${value ?? 'null'}`;
  return `{"index":${index}${given},"status":${outcome},"us":${microseconds}}\n`;
}

/** A results file, csv or jsonl by its name. Rows are gathered and written by {@link flush}. */
export class ResultsFile {
  readonly #descriptor: number;
  readonly #csv: CsvLines | undefined;
  readonly #draft: string;
  #isPublished = false;
  readonly #lines: LineBuffer;

  /** The file appears under its name with {@link publish}, so that what was there stays whole until then. */
  constructor(private readonly path: string) {
    if (path.endsWith('.csv')) this.#csv = new CsvLines();
    this.#draft = `${path}.part`;
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new HumanError(`The results ${path} can't be written: it is a folder. Name a file in it.`);
    try {
      this.#descriptor = openSync(this.#draft, 'w');
    } catch (error) {
      throw new HumanError(`The results ${path} can't be written: ${reasonOf(error)}. Name a file in a folder that is there and that you may write to.`);
    }
    this.#lines = new LineBuffer(this.#descriptor);
  }

  /** Never throws. */
  add(result: Result): void {
    if (this.#csv) this.#csv.add(result, this.#lines);
    else this.#lines.add(jsonLine(result));
  }

  /** Throws {@link WriteError} where the file takes no more; what it has not taken is tried again the next time. */
  flush(): void {
    this.#writing(() => this.#lines.flush());
  }

  #writing(act: () => void): void {
    try {
      act();
    } catch (error) {
      throw new WriteError(this.path, 'The results', error);
    }
  }

  /** Writes go on into the same file. */
  publish(): void {
    this.flush();
    this.#writing(() => {
      if (!this.#isPublished) renameSync(this.#draft, this.path);
    });
    this.#isPublished = true;
  }

  /** A file that was never published is dropped: the journal has all of it. */
  close(): void {
    try {
      this.flush();
      if (this.#isPublished) this.#writing(() => this.#csv?.complete(this.path));
    } finally {
      closeSync(this.#descriptor);
      if (!this.#isPublished) rmSync(this.#draft, { force: true });
    }
  }
}
