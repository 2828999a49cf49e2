import { resolve } from 'node:path';
import { HumanError } from '../../core/errors';
import { Chunk, type Rows } from '../run/chunk';
import { filesMatching } from './glob';
import type { JsonText } from './jsonText';
import { rangeOf } from './range';
import { csvRows, jsonlRows, jsonRows, lineRows } from './rowFiles';
import type { Over } from '../workload';

async function* inChunks(rows: Iterable<JsonText>): AsyncGenerator<JsonText[]> {
  const chunk = new Chunk();
  for (const row of rows) {
    const full = chunk.add(row);
    if (full) yield await Promise.resolve(full);
  }
  const rest = chunk.take();
  if (rest.length) yield rest;
}

const known = (total: number, rows: Iterable<JsonText>): Rows => ({ chunks: inChunks(rows), total: () => total });

/** Opens the rows that `over` describes. Throws {@link HumanError} when they can't be had, at the latest while they are read. */
export function openRows(over: Over, directory: string): Rows {
  if ('rows' in over) return known(over.rows.length, over.rows);
  if ('range' in over) {
    const range = rangeOf(over.range);
    if (!range) throw new HumanError(`${over.range.join(':')} is no range.`);
    return known(range.total, range.texts());
  }
  if ('grid' in over) return known(over.grid.reduce((product, [, values]) => product * values.length, 1), product(over.grid));
  if ('glob' in over) {
    const found = filesMatching(over.glob, directory);
    return known(found.length, found.map((name) => JSON.stringify(name)));
  }
  if ('json' in over) return jsonRows(resolve(directory, over.json), over.encoding);
  if ('csv' in over) return csvRows(resolve(directory, over.csv), over.delimiter, over.encoding);
  if ('jsonl' in over) return jsonlRows(resolve(directory, over.jsonl), over.encoding);
  return lineRows(resolve(directory, over.lines), over.encoding);
}

function* product(grid: readonly [string, JsonText[]][]): Generator<JsonText> {
  const columns = grid.map(([name, values]) => values.map((value) => `${JSON.stringify(name)}:${value}`));
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
