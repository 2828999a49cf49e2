import { closeSync, openSync, readSync, renameSync } from 'node:fs';
import { bytesOf, isBroken } from './bytes';
import { entriesOf, itemsOf, kindOf, wordOf, type JsonText } from './jsonText';
import { LineBuffer } from './lineBuffer';
import type { Result } from '../task';

/** RFC 4180: quotes where a delimiter, a quote or a line break is in the text. */
const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A value as a cell: a text itself, numbers digit for digit, nothing for null. */
const cell = (value: JsonText | undefined): string => (value === undefined || value === 'null' ? '' : quoted(wordOf(value)));

/** Columns of a row: those of an object, `1`, `2`… of a list, `row` of anything else. */
function columnsOf(row: JsonText | undefined): [name: string, value: JsonText][] {
  if (row === undefined) return [['row', 'null']];
  switch (kindOf(row)) {
    case 'object': return entriesOf(row);
    case 'list': return itemsOf(row).map((item, i) => [String(i + 1), item]);
    default: return [['row', row]];
  }
}

const ours = ['index', 'status', 'value', 'error', 'us'];
/** A column of the row that is called like one of ours. */
const named = (column: string): string => (ours.includes(column) ? `row.${column}` : column);

/**
 * The lines of results as csv. The first row says which columns stand between ours; those that come up later stand
 * behind them, and {@link complete} gives all lines as many.
 */
export class CsvLines {
  #first: string[] | undefined;
  readonly #later: string[] = [];

  /** Adds a result, and before the first the names of the columns. */
  add(result: Result, lines: LineBuffer): void {
    const columns = new Map(columnsOf(result.row));
    if (!this.#first) {
      this.#first = [...columns.keys()];
      lines.add(this.#head());
    }
    for (const name of columns.keys()) if (!this.#first.includes(name) && !this.#later.includes(name)) this.#later.push(name);
    const { error, value, index, microseconds } = result;
    const of = (names: string[]): string[] => names.map((name) => cell(columns.get(name)));
    const line = `${[String(index), ...of(this.#first), error ? 'failed' : 'done', cell(value), error ? quoted(`${error.type}: ${error.message}`) : '', String(microseconds), ...of(this.#later)].join(',')}\n`;
    if (isBroken(line)) lines.addBytes(bytesOf(line));
    else lines.add(line);
  }

  #head(): string {
    return `${['index', ...(this.#first ?? []).map(named), ...ours.slice(1), ...this.#later.map(named)].map(quoted).join(',')}\n`;
  }

  /** Writes the file anew with all columns in its first line and in each other, where rows have brought more of them. */
  complete(path: string): void {
    if (!this.#later.length) return;
    const draft = `${path}.part`;
    const [from, to] = [openSync(path, 'r'), openSync(draft, 'w')];
    try {
      const lines = new LineBuffer(to);
      lines.add(this.#head());
      const width = (this.#first?.length ?? 0) + ours.length + this.#later.length;
      padded(from, width, (bytes) => lines.addBytes(bytes));
      lines.flush();
      renameSync(draft, path);
    } finally {
      closeSync(from);
      closeSync(to);
    }
  }
}

const [quote, comma, lineFeed] = [34, 44, 10];

/** Passes the records of a csv file on, all but the first, each with so many cells. */
function padded(descriptor: number, width: number, use: (bytes: Buffer) => void): void {
  const chunk = Buffer.allocUnsafe(1 << 20);
  let [isHead, isQuoted, cells] = [true, false, 1];
  for (let length = readSync(descriptor, chunk, 0, chunk.length, null); length > 0; length = readSync(descriptor, chunk, 0, chunk.length, null)) {
    let from = 0;
    for (let at = 0; at < length; at++) {
      const byte = chunk[at];
      if (byte === quote) isQuoted = !isQuoted;
      else if (isQuoted) continue;
      else if (byte === comma) cells++;
      else if (byte === lineFeed) {
        if (!isHead) use(Buffer.concat([chunk.subarray(from, at), Buffer.from(`${','.repeat(width - cells)}\n`)]));
        [isHead, cells, from] = [false, 1, at + 1];
      }
    }
    if (!isHead) use(Buffer.from(chunk.subarray(from, length)));
  }
}
