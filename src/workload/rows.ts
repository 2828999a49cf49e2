import { createReadStream, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'csv-parse';
import { globSync } from 'tinyglobby';
import { codeOf, HumanError } from '../core/errors';
import type { Over } from './workload';

/** The rows of a workload as JSON texts, in chunks: streamed, so that a file of any length takes no memory. */
export interface Rows {
  chunks: AsyncIterable<string[]>;
  /** null while it can't be told */
  total: () => number | null;
}

const chunkLength = 4096;

function* inChunks(texts: Iterable<string>): Generator<string[]> {
  let chunk: string[] = [];
  for (const text of texts) {
    chunk.push(text);
    if (chunk.length < chunkLength) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length) yield chunk;
}

async function* later<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

const known = (total: number, texts: Iterable<string>): Rows => ({ chunks: later(inChunks(texts)), total: () => total });

/** Opens the rows that `over` describes. Throws {@link HumanError} when they can't be had, at the latest while they are read. */
export function openRows(over: Over, directory: string): Rows {
  if ('rows' in over) return list(over.rows, 'rows');
  if ('range' in over) return range(over.range);
  if ('grid' in over) return known(Object.values(over.grid).reduce((product, values) => product * values.length, 1), product(over.grid));
  if ('glob' in over) {
    const found = globSync(over.glob, { cwd: directory, expandDirectories: false }).sort();
    return list(found, 'glob');
  }
  if ('json' in over) return json(resolve(directory, over.json));
  if ('csv' in over) return csv(resolve(directory, over.csv), over.delimiter);
  if ('jsonl' in over) return streamed(resolve(directory, over.jsonl), jsonLine);
  return streamed(resolve(directory, over.lines), (line) => JSON.stringify(line));
}

function list(rows: unknown[], where: string): Rows {
  return known(rows.length, rows.map((row, index) => {
    const text = JSON.stringify(row) as string | undefined;
    if (text === undefined) throw new HumanError(`${where}[${index}] can't be written as JSON.`);
    return text;
  }));
}

function range([start, stop, step = 1]: readonly number[]): Rows {
  const [from, to] = [start ?? 0, stop ?? 0];
  const total = Math.max(0, Math.ceil((to - from) / step));
  function* texts(): Generator<string> {
    for (let i = 0; i < total; i++) yield String(from + i * step);
  }
  return known(total, texts());
}

function* product(grid: Record<string, unknown[]>): Generator<string> {
  const columns = Object.entries(grid).map(([name, values]) => values.map((value) => `${JSON.stringify(name)}:${JSON.stringify(value)}`));
  const digits = columns.map(() => 0);
  if (columns.some((values) => values.length === 0)) return;
  for (;;) {
    yield `{${columns.map((values, i) => values[digits[i] ?? 0]).join(',')}}`;
    let place = columns.length - 1;
    while (place >= 0 && (digits[place] ?? 0) + 1 === columns[place]?.length) digits[place--] = 0;
    if (place < 0) return;
    digits[place] = (digits[place] ?? 0) + 1;
  }
}

const unreadable = (file: string, error: unknown): HumanError => new HumanError(`The rows in ${file} can't be read (${codeOf(error) ?? String(error)}).`);

/** Windows puts a byte order mark before a text. */
const withoutMark = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text);

function json(file: string): Rows {
  let text: string;
  try {
    text = withoutMark(readFileSync(file, 'utf8'));
  } catch (error) {
    throw unreadable(file, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new HumanError(`${file} is not JSON: ${(error as Error).message}.`);
  }
  if (!Array.isArray(value)) throw new HumanError(`${file} must hold a list, a row an item. For an object a line, use "jsonl".`);
  return list(value, file);
}

function jsonLine(line: string, number: number, file: string): string {
  try {
    JSON.parse(line);
  } catch (error) {
    throw new HumanError(`${file}:${number}: this line is not JSON: ${(error as Error).message}.`);
  }
  return line.trim();
}

/** A row a line; empty lines are passed over. The total is told from the bytes read so far. */
function streamed(file: string, toRow: (line: string, number: number, file: string) => string): Rows {
  const size = sizeOf(file);
  let [bytes, count, ended] = [0, 0, false];
  async function* chunks(): AsyncGenerator<string[]> {
    /** the line whose end has not come */
    let rest: Buffer[] = [];
    let number = 0;
    const stream = createReadStream(file, { highWaterMark: 1 << 16 });
    const rowsOf = (text: string): string[] => {
      const rows: string[] = [];
      for (const line of (number === 0 ? withoutMark(text) : text).split('\n')) {
        number++;
        const clean = line.endsWith('\r') ? line.slice(0, -1) : line;
        if (clean.trim() !== '') rows.push(toRow(clean, number, file));
      }
      count += rows.length;
      return rows;
    };
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        const last = chunk.lastIndexOf(10);
        if (last === -1) {
          rest.push(chunk);
          continue;
        }
        const whole = Buffer.concat([...rest, chunk.subarray(0, last)]);
        bytes += whole.length + 1;
        rest = last + 1 < chunk.length ? [Buffer.from(chunk.subarray(last + 1))] : [];
        yield rowsOf(whole.toString());
      }
    } catch (error) {
      throw error instanceof HumanError ? error : unreadable(file, error);
    }
    const final = rest.length ? rowsOf(Buffer.concat(rest).toString()) : [];
    ended = true;
    if (final.length) yield final;
  }
  return { chunks: chunks(), total: () => (ended ? count : bytes ? Math.round((count * size) / bytes) : null) };
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    throw unreadable(file, error);
  }
}

type CsvRecord = string[] & { line?: number };

/** A row a record, an object by the names of the first line; values are texts, as Python's csv gives them. */
function csv(file: string, delimiter = file.endsWith('.tsv') ? '\t' : ','): Rows {
  const size = sizeOf(file);
  let [bytes, count, ended] = [0, 0, false];
  async function* chunks(): AsyncGenerator<string[]> {
    const mark = (record: CsvRecord, { lines }: { lines: number }): CsvRecord => Object.assign(record, { line: lines });
    const parser = createReadStream(file).on('error', (error) => parser.destroy(error)).pipe(parse({ delimiter, bom: true, skip_empty_lines: true, relax_column_count: true, on_record: mark }));
    let names: string[] | undefined;
    let chunk: string[] = [];
    try {
      for await (const record of parser as AsyncIterable<CsvRecord>) {
        if (!names) {
          names = record.map((name) => JSON.stringify(name));
          continue;
        }
        if (record.length !== names.length) throw new HumanError(`${file}:${record.line ?? '?'}: this row has ${record.length} columns, the first line ${names.length}. Complete it, or put texts that hold the delimiter in double quotes.`);
        const columns = names;
        chunk.push(`{${record.map((value, i) => `${columns[i] ?? ''}:${JSON.stringify(value)}`).join(',')}}`);
        count++;
        if (chunk.length < chunkLength) continue;
        bytes = parser.info.bytes;
        yield chunk;
        chunk = [];
      }
    } catch (error) {
      if (chunk.length) yield chunk;
      throw error instanceof HumanError ? error : csvError(file, error);
    }
    ended = true;
    if (chunk.length) yield chunk;
  }
  return { chunks: chunks(), total: () => (ended ? count : bytes ? Math.round((count * size) / bytes) : null) };
}

function csvError(file: string, error: unknown): HumanError {
  const { code, lines, message } = error as { code?: string; lines?: number; message: string };
  if (!code?.startsWith('CSV_')) return unreadable(file, error);
  return new HumanError(`${file}:${lines ?? '?'}: ${message}.`);
}
