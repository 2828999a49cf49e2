import type { Fields } from './fields';
import { compact, entriesOf, itemsOf, kindOf, memberOf, type JsonText } from './jsonText';
import { rangeOf } from './range';
import type { Over } from '../workload';

/** Reads what `over` says. `text`: its JSON, from which values are cut as they stand. */
export function readOver(fields: Fields, text: JsonText): Over {
  const given = (name: string): JsonText => memberOf(text, name) ?? 'null';
  const encoding = (): { encoding?: string } => {
    const name = fields.text('encoding');
    return name === undefined ? {} : { encoding: name };
  };
  let over: Over;
  if (fields.has('rows')) over = { rows: Array.isArray(fields.raw('rows')) ? itemsOf(given('rows')).map(compact) : fields.fail('rows', 'a list') };
  else if (fields.has('range')) {
    const parts = Array.isArray(fields.raw('range')) ? itemsOf(given('range')) : [];
    const fits = (parts.length === 2 || parts.length === 3) && rangeOf(parts) !== undefined;
    over = { range: fits ? parts : fields.fail('range', '[start, stop] or [start, stop, step], as in Python') };
  } else if (fields.has('grid')) {
    const isObject = typeof fields.raw('grid') === 'object' && kindOf(given('grid')) === 'object';
    const columns = isObject ? entriesOf(given('grid')) : [];
    const fits = isObject && columns.every(([, values]) => kindOf(values) === 'list');
    over = { grid: fits ? columns.map(([name, values]) => [name, itemsOf(values).map(compact)]) : fields.fail('grid', 'an object of lists, as {"size": [1, 2], "rate": [0.1, 0.2]}') };
  } else if (fields.has('glob')) over = { glob: typeof fields.raw('glob') === 'string' ? (fields.text('glob') ?? '') : (fields.texts('glob') ?? []) };
  else if (fields.has('json')) over = { json: fields.text('json') ?? '', ...encoding() };
  else if (fields.has('jsonl')) over = { jsonl: fields.text('jsonl') ?? '', ...encoding() };
  else if (fields.has('csv')) {
    const delimiter = fields.text('delimiter');
    over = { csv: fields.text('csv') ?? '', ...(delimiter === undefined ? {} : { delimiter }), ...encoding() };
  } else if (fields.has('lines')) over = { lines: fields.text('lines') ?? '', ...encoding() };
  else over = fields.fail('rows', 'there, or one of range, grid, glob, json, jsonl, csv, lines beside it');
  fields.close();
  return over;
}
