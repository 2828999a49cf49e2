import { statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { HumanError } from '../../core/errors';
import { textOf } from './bytes';
import { Chunk, type Rows } from '../run/chunk';
import { reasonOf } from '../journal/fileErrors';
import { compact, itemsOf, type JsonText } from './jsonText';
import { asBytes, readUtf8 } from './textFile';

/** Rows from files: a list as JSON, JSON values or texts a line, and csv. */

/** Bytes of one row; V8 holds no text of twice as many characters (2^29). */
const longestRow = 1 << 28;

const unreadable = (file: string, error: unknown): HumanError => new HumanError(`The rows in ${file} can't be read: ${reasonOf(error)}.`);
const tooLong = (where: string): HumanError => new HumanError(`${where} this row is longer than ${longestRow / 2 ** 20} MB. Put it into a file of its own, and its name into the row.`);

/** Bytes of a file; undefined where it is none that has a size, as a pipe. */
function sizeOf(file: string): number | undefined {
  try {
    const found = statSync(file);
    if (found.isDirectory()) throw new HumanError(`${file} is a folder. For the files in it, use "glob".`);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    throw error instanceof HumanError ? error : unreadable(file, error);
  }
}

/** How many rows a file has, told from those in the bytes read so far. */
class Estimate {
  bytes = 0;
  rows = 0;
  isOver = false;

  constructor(private readonly size: number | undefined) {}

  total(): number | null {
    if (this.isOver) return this.rows;
    return this.size === undefined || this.bytes === 0 ? null : Math.max(this.rows, Math.round((this.rows * this.size) / this.bytes));
  }
}

function parsedOr(text: string, message: (why: string) => string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HumanError(message((error as Error).message));
  }
}

/** The items of a list in a file. */
export function jsonRows(file: string, encoding: string | undefined): Rows {
  sizeOf(file);
  let total: number | null = null;
  async function* chunks(): AsyncGenerator<JsonText[]> {
    const text = await wholeText(file, encoding);
    const value = parsedOr(text, (why) => `${file} is not JSON: ${why}.`);
    if (!Array.isArray(value)) throw new HumanError(`${file} must hold a list, a row an item. For an object a line, use "jsonl".`);
    const items = itemsOf(text);
    total = items.length;
    const chunk = new Chunk();
    for (const item of items) {
      const full = chunk.add(compact(item));
      if (full) yield full;
    }
    yield chunk.take();
  }
  return { chunks: chunks(), total: () => total };
}

async function wholeText(file: string, encoding: string | undefined): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of readUtf8(file, encoding)) {
    pieces.push(piece);
    length += piece.length;
    if (length > longestRow) throw new HumanError(`${file} is too large to be read as one list. Write a row a line, and use "jsonl".`);
  }
  return textOf(Buffer.concat(pieces));
}

/** A JSON value a line. */
export function jsonlRows(file: string, encoding: string | undefined): Rows {
  return byLine(file, encoding, (line, number) => {
    if (line.trim() === '') return undefined;
    parsedOr(line, (why) => `${file}:${number}: this line is not JSON: ${why}.`);
    return line.trim();
  });
}

/** A text a line; empty lines are passed over. */
export function lineRows(file: string, encoding: string | undefined): Rows {
  return byLine(file, encoding, (line) => (line === '' ? undefined : JSON.stringify(line)));
}

const [lineFeed, carriageReturn] = [10, 13];

/** The byte that ends lines: a carriage return where no line feed is near, as on old Macs. */
function lineEnd(first: Buffer): number {
  const at = first.indexOf(carriageReturn);
  return at !== -1 && at < first.length - 1 && !first.includes(lineFeed) ? carriageReturn : lineFeed;
}

function byLine(file: string, encoding: string | undefined, toRow: (line: string, number: number) => JsonText | undefined): Rows {
  const estimate = new Estimate(sizeOf(file));
  async function* chunks(): AsyncGenerator<JsonText[]> {
    /** the line whose end has not come */
    let rest: Buffer[] = [];
    let [restLength, number, end] = [0, 0, -1];
    const rowsOf = (bytes: Buffer): JsonText[] => {
      const rows: JsonText[] = [];
      for (const line of textOf(bytes).split(end === carriageReturn ? '\r' : '\n')) {
        number++;
        const row = toRow(line.endsWith('\r') ? line.slice(0, -1) : line, number);
        if (row !== undefined) rows.push(row);
      }
      estimate.rows += rows.length;
      return rows;
    };
    for await (const piece of readUtf8(file, encoding)) {
      if (end === -1) end = lineEnd(piece);
      const last = piece.lastIndexOf(end);
      if (last === -1) {
        restLength += piece.length;
        if (restLength > longestRow) throw tooLong(`${file}:${number + 1}:`);
        rest.push(piece);
        continue;
      }
      const whole = Buffer.concat([...rest, piece.subarray(0, last)]);
      estimate.bytes += whole.length + 1;
      rest = last + 1 < piece.length ? [Buffer.from(piece.subarray(last + 1))] : [];
      restLength = piece.length - last - 1;
      yield rowsOf(whole);
    }
    const final = rest.length ? rowsOf(Buffer.concat(rest)) : [];
    estimate.isOver = true;
    if (final.length) yield final;
  }
  return { chunks: chunks(), total: () => estimate.total() };
}

type CsvRecord = string[] & { line?: number };

/** A row a record, an object by the names of the first line; values are texts, as Python's csv gives them. */
export function csvRows(file: string, delimiter: string | undefined, encoding: string | undefined): Rows {
  const estimate = new Estimate(encoding === undefined ? sizeOf(file) : (sizeOf(file), undefined));
  const between = delimiter ?? (file.endsWith('.tsv') ? '\t' : ',');
  // Bytes that are no UTF-8 come through as characters of latin-1, and become what they are in each field.
  const keep = encoding === asBytes ? ({ encoding: 'latin1' } as const) : {};
  const valueOf = encoding === asBytes ? (text: string) => textOf(Buffer.from(text, 'latin1')) : (text: string) => text;
  async function* chunks(): AsyncGenerator<JsonText[]> {
    const mark = (record: CsvRecord, { lines }: { lines: number }): CsvRecord => Object.assign(record, { line: lines });
    const source = Readable.from(readUtf8(file, encoding), { objectMode: false }).on('error', (error) => parser.destroy(error));
    const parser = source.pipe(parse({ delimiter: between, skip_empty_lines: true, relax_column_count: true, on_record: mark, ...keep }));
    let names: string[] | undefined;
    const chunk = new Chunk();
    try {
      for await (const record of parser as AsyncIterable<CsvRecord>) {
        if (!names) {
          names = headOf(file, record.map(valueOf), delimiter);
          continue;
        }
        if (record.length !== names.length) throw new HumanError(`${file}:${record.line ?? '?'}: this row has ${record.length} columns, the first line ${names.length}. Complete it, or put texts that hold the delimiter in double quotes.`);
        const columns = names;
        const full = chunk.add(`{${record.map((value, i) => `${columns[i] ?? ''}:${JSON.stringify(valueOf(value))}`).join(',')}}`);
        estimate.rows++;
        if (!full) continue;
        estimate.bytes = parser.info.bytes;
        yield full;
      }
    } catch (error) {
      const rest = chunk.take();
      if (rest.length) yield rest;
      throw error instanceof HumanError ? error : csvError(file, error);
    } finally {
      source.destroy();
    }
    estimate.isOver = true;
    const rest = chunk.take();
    if (rest.length) yield rest;
  }
  return { chunks: chunks(), total: () => estimate.total() };
}

const others: [delimiter: string, called: string, typed: string][] = [[';', 'semicolons', ';'], ['\t', 'tabs', '\\t'], ['|', 'bars', '|']];

/** The names of the columns as JSON. Throws where one stands twice, or where another character than a comma seems to separate them. */
function headOf(file: string, names: string[], delimiter: string | undefined): JsonText[] {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new HumanError(`${file}:1: the column ${JSON.stringify(twice)} stands twice, of which only one could arrive. Rename one.`);
  const other = delimiter === undefined && names.length === 1 ? others.find(([character]) => names[0]?.includes(character)) : undefined;
  if (other) throw new HumanError(`${file}:1: there is no comma in the first line, but ${other[1]}. If they separate the columns, say --delimiter '${other[2]}' ("delimiter": "${other[2]}"); if there is one column, --delimiter ','.`);
  return names.map((name) => JSON.stringify(name));
}

function csvError(file: string, error: unknown): HumanError {
  const { code, lines, message } = error as { code?: string; lines?: number; message: string };
  if (!code?.startsWith('CSV_')) return unreadable(file, error);
  return new HumanError(`${file}:${lines ?? '?'}: ${message}.`);
}
