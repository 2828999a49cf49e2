import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { HumanError } from '../../core/errors';
import { Fields } from './fields';
import { reasonOf } from '../journal/fileErrors';
import { parseHalt } from '../run/halt';
import { memberOf, type JsonText } from './jsonText';
import { readOver } from './readOver';
import { anyTaker, lossOf } from '../run/taker';
import { utf8Text } from './textFile';
import type { Over, Run, Workload } from '../workload';

/** Reads a workload file. Throws {@link HumanError} with the field and the way out. `cores`: what `workers: "auto"` means. */
export function readWorkload(file: string, cores: number): Workload {
  const path = resolve(file);
  let text: string;
  try {
    text = utf8Text(file, readFileSync(path));
  } catch (error) {
    throw error instanceof HumanError ? error : new HumanError(`The workload file ${file} can't be read: ${reasonOf(error)}.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new HumanError(`${file} is not JSON: ${(error as Error).message}.`);
  }
  const loss = lossOf(text, anyTaker);
  if (loss !== undefined) throw new HumanError(`${file}: ${loss}`);
  return resolveWorkload(value, { file: path, directory: dirname(path), source: file, cores, over: typeof value === 'object' ? memberOf(text, 'over') : undefined });
}

export interface Origin {
  file: string | null;
  directory: string;
  /** how messages name it */
  source: string;
  cores: number;
  /** the text of `over`, where numbers may stand in it that JavaScript does not hold */
  over?: JsonText | undefined;
}

/** Checks what a person wrote and fills in what they did not. */
export function resolveWorkload(value: unknown, { file, directory, source, cores, over: overText }: Origin): Workload {
  const fields = Fields.of(value, '', source);
  const runFields = fields.object('run') ?? fields.fail('run', 'there: {"python": "work.py:function"}, {"node": …}, {"script": …}, {"command": […]} or {"ranks": …}');
  const run = readRun(runFields);
  const overFields = fields.object('over');
  const over: Over = 'ranks' in run ? { rows: ['null'] } : overFields ? readOver(overFields, overText ?? JSON.stringify(overFields.value)) : fields.fail('over', 'there: {"rows": […]}, {"range": [0, 100]}, {"grid": …}, {"glob": …}, {"json": …}, {"jsonl": …}, {"csv": …} or {"lines": …}');
  const isolation = fields.choice('isolation', ['worker', 'fork', 'process']) ?? 'worker';
  const memory = fields.object('memory');
  const workload: Workload = {
    file, directory, run, over, isolation,
    workers: readWorkers(fields, cores),
    batch: fields.raw('batch') === 'auto' ? 'auto' : fields.number('batch', 1, '"auto" or a whole number from 1', true) ?? 'auto',
    timeout: readTimeout(fields),
    retries: readRetries(fields),
    halt: readHalt(fields),
    grace: fields.number('grace', 0, 'seconds from 0') ?? 2,
    threadsPerWorker: fields.number('threadsPerWorker', 1, 'a whole number from 1', true) ?? 1,
    memory: { perWorker: (memory && readBytes(memory, 'perWorker')) ?? null, startWhenFree: (memory && readBytes(memory, 'startWhenFree')) ?? null },
    affinity: fields.choice('affinity', ['none', 'spread']) ?? 'none',
    maxTasksPerWorker: fields.number('maxTasksPerWorker', 1, 'a whole number from 1', true) ?? null,
    order: fields.choice('order', ['completion', 'input']) ?? 'completion',
    results: readResults(fields, directory),
    nan: fields.choice('nan', ['fail', 'null']) ?? 'fail',
    rerunOn: readRerun(fields),
    engine: readEngine(fields),
  };
  memory?.close();
  fields.close();
  checkTogether(workload, source);
  return workload;
}

function readRun(fields: Fields): Run {
  const interpreter = fields.text('interpreter');
  const own = interpreter === undefined ? {} : { interpreter };
  let run: Run;
  if (fields.has('python')) {
    const call = fields.choice('call', ['row', 'keywords']);
    run = { python: target(fields, 'python', 'work.py:function or package.module:function'), ...own, ...(call ? { call } : {}) };
  } else if (fields.has('node')) run = { node: target(fields, 'node', 'work.mjs:export'), ...own };
  else if (fields.has('script')) run = { script: fields.text('script') ?? '', ...own, args: fields.texts('args') ?? [] };
  else if (fields.has('command')) {
    const command = fields.texts('command') ?? [];
    if (!command[0]) fields.fail('command', 'a list that starts with the program, as ["convert", "{file}", "{file}.png"]');
    run = { command };
  } else if (fields.has('ranks')) {
    const hosts = fields.texts('hosts');
    const options = fields.texts('options');
    run = {
      ranks: fields.number('ranks', 1, 'a whole number from 1', true) ?? 1, launcher: fields.choice('launcher', ['mpirun', 'torchrun', 'srun']) ?? 'mpirun',
      program: fields.texts('program') ?? fields.fail('program', 'there: the program and its arguments, as ["python", "solver.py"]'), ...(hosts ? { hosts } : {}), ...(options ? { options } : {}),
    };
  } else run = fields.fail('python', 'there, or one of node, script, command, ranks beside it');
  fields.close();
  return run;
}

function target(fields: Fields, name: string, wanted: string): string {
  const text = fields.text(name) ?? '';
  return /^.+:[\w$.]+$/.test(text) ? text : fields.fail(name, `like ${wanted}`);
}

function readWorkers(fields: Fields, cores: number): number {
  const value = fields.raw('workers') ?? 'auto';
  if (value === 'auto') return cores;
  const percent = typeof value === 'string' ? /^(\d+(?:\.\d+)?)%$/.exec(value) : null;
  if (percent) return Math.max(1, Math.round((cores * Number(percent[1])) / 100));
  return fields.number('workers', 1, '"auto", a share of the cores as "50%", or a whole number from 1', true) ?? cores;
}

function readTimeout(fields: Fields): Workload['timeout'] {
  const value = fields.raw('timeout');
  const percent = typeof value === 'string' ? /^(\d+(?:\.\d+)?)%$/.exec(value) : null;
  if (percent && Number(percent[1]) > 100) return { percent: Number(percent[1]) };
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !(value > 0)) fields.fail('timeout', 'seconds, or a share of the median above 100 % as "300%"');
  return { seconds: value };
}

function readRetries(fields: Fields): Workload['retries'] {
  if (typeof fields.raw('retries') !== 'object') return { times: fields.number('retries', 0, 'a whole number from 0, or {"times": 2, "wait": 1, "factor": 2}', true) ?? 0, wait: 0, factor: 2 };
  const own = fields.object('retries') ?? fields.fail('retries', 'an object');
  const retries = { times: own.number('times', 0, 'a whole number from 0', true) ?? 1, wait: own.number('wait', 0, 'seconds from 0') ?? 0, factor: own.number('factor', 1, 'a number from 1') ?? 2 };
  own.close();
  return retries;
}

function readHalt(fields: Fields): Workload['halt'] {
  const text = fields.text('halt');
  if (text === undefined || text === 'never') return null;
  return parseHalt(text) ?? fields.fail('halt', 'like "soon,fail=1", "now,fail=5%" or "soon,success=1"');
}

const units: Record<string, number> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

function readBytes(fields: Fields, name: string): number | undefined {
  const value = fields.raw(name);
  if (value === undefined || typeof value === 'number') return fields.number(name, 1, 'bytes, or a text like "2G"');
  const parts = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?$/i.exec(value) : null;
  return parts ? Math.round(Number(parts[1]) * (units[parts[2]?.toUpperCase() ?? ''] ?? 1)) : fields.fail(name, 'bytes, or a text like "2G"');
}

function readResults(fields: Fields, directory: string): string | null {
  const text = fields.text('results');
  if (text === undefined) return null;
  return /\.(csv|jsonl)$/.test(text) ? resolve(directory, text) : fields.fail('results', 'a file that ends in .csv or .jsonl');
}

function readRerun(fields: Fields): Workload['rerunOn'] {
  const list = fields.texts('rerunOn') ?? ['args', 'code'];
  return list.every((item) => item === 'args' || item === 'code') ? list : fields.fail('rerunOn', 'a list of "args" and "code"');
}

function readEngine(fields: Fields): Workload['engine'] {
  const value = fields.raw('engine');
  if (value === undefined || value === 'local') return { kind: 'local' };
  const own = fields.object('engine') ?? fields.fail('engine', '"local" or {"kind": "dask", "address": "tcp://scheduler:8786"}');
  const kind = own.choice('kind', ['local', 'dask']) ?? own.fail('kind', '"local" or "dask"');
  const address = own.text('address') ?? 'local';
  own.close();
  return kind === 'local' ? { kind } : { kind, address };
}

function checkTogether({ run, isolation, engine }: Workload, source: string): void {
  if (isolation === 'fork' && !('python' in run)) throw new HumanError(`${source}: isolation "fork" is for Python functions: Node can't fork itself, and commands have a process each. Use "process" or "worker".`);
  if (isolation === 'fork' && process.platform === 'win32') throw new HumanError(`${source}: Windows has no fork. Use isolation "process" or "worker".`);
  if (engine.kind === 'dask' && !('python' in run)) throw new HumanError(`${source}: the dask engine runs Python functions only. Name one by "run": {"python": "work.py:function"}.`);
}
