import { HumanError } from '../core/errors';
import { compact, type JsonText } from '../workload/file/jsonText';
import { rangeParts } from '../workload/file/range';
import { readWorkload, resolveWorkload } from '../workload/file/readWorkload';
import type { Workload } from '../workload/workload';
import { parseOptions } from './arguments';

export const mapOptions = {
  resume: { type: 'boolean' }, 'retry-failed': { type: 'boolean' }, 'dry-run': { type: 'boolean' }, again: { type: 'boolean' }, 'no-print': { type: 'boolean' }, only: { type: 'string' }, 'show-row': { type: 'string' },
  run: { type: 'string' }, 'no-probe': { type: 'boolean' }, quiet: { type: 'boolean' }, summary: { type: 'boolean' },
  python: { type: 'string' }, node: { type: 'string' }, script: { type: 'string' }, command: { type: 'boolean' }, interpreter: { type: 'string' },
  range: { type: 'string' }, rows: { type: 'string' }, csv: { type: 'string' }, json: { type: 'string' }, jsonl: { type: 'string' }, lines: { type: 'string' }, glob: { type: 'string', multiple: true }, encoding: { type: 'string' }, delimiter: { type: 'string' },
  workers: { type: 'string' }, isolation: { type: 'string' }, batch: { type: 'string' }, timeout: { type: 'string' }, retries: { type: 'string' }, halt: { type: 'string' }, grace: { type: 'string' },
  results: { type: 'string' }, order: { type: 'string' }, nan: { type: 'string' }, dask: { type: 'string' }, ranks: { type: 'string' }, launcher: { type: 'string' },
} as const;

type Values = ReturnType<typeof parseOptions<typeof mapOptions>>['values'];

export interface MapRequest {
  workload: Workload;
  /** what makes two calls the same workload: the file, or the words of what runs over what */
  identity: string;
  values: Values;
}

/** What `procession map --help` prints. */
export const mapUsage = `procession map: one function or command over many rows, on all cores

  procession map FILE.workload.json [options]
  procession map --python FILE.py:FUNCTION ROWS [options]
  procession map --node FILE.mjs:EXPORT ROWS [options]
  procession map --script FILE ROWS [options] [-- ARGS…]
  procession map ROWS [options] -- COMMAND ARGS…
  procession map --ranks N [--launcher mpirun|torchrun|srun] -- PROGRAM ARGS…

ROWS
  --range 0:1000[:STEP]    numbers          --rows '[1, 2, 3]'     a list as JSON
  --csv FILE  --json FILE  --jsonl FILE  --lines FILE  --glob PATTERN
  --delimiter ';'          between the columns of a csv file; a tab is '\\t'
  --encoding NAME          of the file, where it is not UTF-8: latin-1, windows-1252, utf-16le…
                           bytes: UTF-8 in which other bytes stay as they are, for names of files

What stands for the row in the words of a command or script
  {column}  {1}  {row}     a column of an object, an item of a list, a row that is one value
  {}  {#}                  the whole row, and its number from 1
  {{column}}               {column} itself
  Other braces stay as they are. {} and {1} count in words that are otherwise names, paths or options, and in
  the script of a shell: not in code, JSON or regular expressions. A command without any runs once for each
  row, the same each time. No shell is involved: each word stays one word.

Which rows
  --resume                 go on with the last run: what has no result yet
  --retry-failed           run again what failed
  --again --only 3,17      run again what is done, too
  --only 3,17              of these, the rows with these numbers, from 0
  --dry-run                tell what would run, and start nothing
  --show-row N             print one row as a worker gets it, and start nothing

How
  --workers N  --batch N  --isolation worker|fork|process  --interpreter FILE
  --timeout SECONDS|N%     a share of the median    --retries N
  --halt soon|now,fail|success|done=N|N%            --grace SECONDS
  --dask ADDRESS           on a Dask cluster

What comes out
  --results FILE.csv|.jsonl (default: lines of JSON on standard output)
  --no-print               no lines on standard output: the journal has the results
  --order completion|input  --summary  --no-probe
  --nan fail|null          what becomes of a result with NaN or an infinity in it (fail)
  --quiet                  no progress, advice and summary; errors are always told
  --run DIR                keep journal and output in DIR

Exit status
  0        all is done, or as much as --halt asks for
  1–100    so many tasks have failed; 101: more
  102      it can't be run: arguments, workload file, code or rows
  103      results or the journal can't be written, as on a full disk
  104      a fault of Procession itself
  130      stopped; 141: nobody reads standard output any more
After 103, 104, 130 and 141 all that is done is kept: go on with --resume.
`;

const numberOr = (text: string): number | string => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text);

/** Reads the arguments of `procession map`. `cores`: what `auto` means. */
export function parseMap(argv: string[], cores: number): MapRequest {
  const dashes = argv.indexOf('--');
  const own = dashes === -1 ? argv : argv.slice(0, dashes);
  const rest = dashes === -1 ? [] : argv.slice(dashes + 1);
  const { values, positionals } = parseOptions(own, mapOptions);
  const [file, ...extra] = positionals;
  if (extra.length) throw new HumanError(`Name one workload file, not also ${extra.join(' ')}. Words of a command come after "--".`);
  if (file !== undefined) {
    const given = ['python', 'node', 'script', 'command', 'range', 'rows', 'csv', 'json', 'jsonl', 'lines', 'glob', 'encoding', 'delimiter'].filter((name) => values[name as keyof Values] !== undefined);
    if (given.length) throw new HumanError(`${file} says what runs over what: --${given.join(', --')} can't be given with it.`);
    const workload = readWorkload(file, cores);
    const changed = Object.keys(settingsOf(values)).length ? resolveWorkload({ run: workload.run, over: { rows: [] }, ...settingsOf(values) }, { file: workload.file, directory: workload.directory, source: 'the command line', cores }) : undefined;
    return { workload: changed ? { ...workload, ...pick(changed, Object.keys(settingsOf(values))) } : workload, identity: workload.file ?? file, values };
  }
  const run = runOf(values, rest);
  const over = values.ranks === undefined ? overOf(values) : '{"rows":[]}';
  const workload = resolveWorkload({ run, over: JSON.parse(over) as unknown, ...settingsOf(values) }, { file: null, directory: process.cwd(), source: 'the command line', cores, over });
  return { workload, identity: `${process.cwd()}: {"run":${JSON.stringify(run)},"over":${over}}`, values };
}

const pick = (workload: Workload, names: string[]): Partial<Workload> => Object.fromEntries(Object.entries(workload).filter(([name]) => names.includes(name)));

function settingsOf(values: Values): Record<string, unknown> {
  const { workers, isolation, batch, timeout, retries, halt, grace, results, order, nan, dask } = values;
  const settings: Record<string, unknown> = { workers, batch, timeout, retries, grace };
  const all = {
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, typeof value === 'string' ? numberOr(value) : value])),
    isolation, halt, results, order, nan, engine: dask === undefined ? undefined : { kind: 'dask', address: dask },
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function runOf(values: Values, rest: string[]): Record<string, unknown> {
  const interpreter = values.interpreter === undefined ? {} : { interpreter: values.interpreter };
  if (values.python !== undefined) return { python: values.python, ...interpreter };
  if (values.node !== undefined) return { node: values.node, ...interpreter };
  if (values.script !== undefined) return { script: values.script, args: rest, ...interpreter };
  if (values.ranks !== undefined) return { ranks: Number(values.ranks), launcher: values.launcher ?? 'mpirun', program: rest };
  if (values.command || rest.length) return { command: rest };
  throw new HumanError('Name a workload file, or what is to run: --python FILE:FUNCTION, --node FILE:EXPORT, --script FILE or --command … -- PROGRAM ARGS.');
}

/** The JSON of `over`: numbers stand in it as they were given. */
function overOf(values: Values): JsonText {
  const { range, rows, encoding, delimiter } = values;
  if (range !== undefined) {
    const parts = rangeParts(range);
    if (!parts) throw new HumanError(`--range takes START:STOP or START:STOP:STEP, as --range 0:1000, not "${range}".`);
    return `{"range":[${parts.join(',')}]}`;
  }
  if (rows !== undefined) return `{"rows":${listOf(rows)}}`;
  for (const name of ['csv', 'json', 'jsonl', 'lines', 'glob'] as const) {
    const file = values[name];
    if (file !== undefined) return JSON.stringify({ [name]: file, encoding, delimiter: delimiter === '\\t' ? '\t' : delimiter });
  }
  throw new HumanError('Name the rows: --range 0:1000, --rows JSON, --csv FILE, --jsonl FILE, --json FILE, --lines FILE or --glob PATTERN.');
}

function listOf(rows: string): JsonText {
  try {
    JSON.parse(rows);
    return compact(rows);
  } catch {
    throw new HumanError('--rows takes a list as JSON, as --rows \'[1, 2, 3]\'. For a file, use --json, --jsonl, --csv or --lines.');
  }
}
