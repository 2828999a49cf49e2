import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { codeOf, HumanError } from '../core/errors';
import { LineBuffer } from './lineBuffer';
import type { TaskError } from './protocol';

/** One task as the results tell it. `row` is undefined where the journal kept only its hash. `value` is JSON. */
export interface Result {
  index: number;
  row: string | undefined;
  microseconds: number;
  value: string | undefined;
  error: TaskError | undefined;
}

/** A result as a line of JSON. */
export function jsonLine({ index, row, microseconds, value, error }: Result): string {
  const given = row === undefined ? '' : `,"row":${row}`;
  const outcome = error ? `"failed","error":${JSON.stringify(error)}` : `"done","value":${value ?? 'null'}`;
  return `{"index":${index}${given},"status":${outcome},"us":${microseconds}}\n`;
}

/** RFC 4180: quotes where a delimiter, a quote or a line break is in the text. */
const cell = (value: unknown): string => {
  const text = typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Columns of a row: those of an object, `1`, `2`… of a list, `row` of anything else. */
function columnsOf(row: unknown): [names: string[], values: unknown[]] {
  if (Array.isArray(row)) return [row.map((_, i) => String(i + 1)), row];
  if (typeof row === 'object' && row !== null) return [Object.keys(row), Object.values(row)];
  return [['row'], [row]];
}

/** A results file, csv or jsonl by its name. Rows are gathered and written by {@link flush}. */
export class ResultsFile {
  readonly #descriptor: number;
  readonly #csv: boolean;
  readonly #draft: string;
  #columns: string[] | undefined;
  #isPublished = false;
  readonly #lines: LineBuffer;

  /** The file appears under its name with {@link publish}, so that what was there stays whole until then. */
  constructor(private readonly path: string) {
    this.#csv = path.endsWith('.csv');
    this.#draft = `${path}.part`;
    try {
      this.#descriptor = openSync(this.#draft, 'w');
    } catch (error) {
      throw new HumanError(`The results ${path} can't be written (${codeOf(error) ?? String(error)}). Name a file in a folder that is there and that you may write to.`);
    }
    this.#lines = new LineBuffer(this.#descriptor);
  }

  add(result: Result): void {
    if (!this.#csv) {
      this.#lines.add(jsonLine(result));
      return;
    }
    const [names, values] = columnsOf(result.row === undefined ? null : (JSON.parse(result.row) as unknown));
    if (!this.#columns) {
      this.#columns = names;
      this.#lines.add(`${['index', ...names, 'status', 'value', 'error', 'us'].map(cell).join(',')}\n`);
    }
    const byName = new Map(names.map((name, i) => [name, values[i]]));
    const value = result.value === undefined ? '' : (JSON.parse(result.value) as unknown);
    this.#lines.add(`${[result.index, ...this.#columns.map((name) => byName.get(name)), result.error ? 'failed' : 'done', value, result.error ? `${result.error.type}: ${result.error.message}` : '', result.microseconds].map(cell).join(',')}\n`);
  }

  flush(): void {
    this.#lines.flush();
  }

  /** Writes go on into the same file. */
  publish(): void {
    this.flush();
    if (!this.#isPublished) renameSync(this.#draft, this.path);
    this.#isPublished = true;
  }

  /** A file that was never published is dropped: the journal has all of it. */
  close(): void {
    this.flush();
    closeSync(this.#descriptor);
    if (!this.#isPublished) rmSync(this.#draft, { force: true });
  }
}
