import { writeFileSync } from 'node:fs';
import { findPythons } from '../interpreters.mjs';
import { alternate, compare, type Comparison } from './lib/alternate';
import { format, tableOf, type Options, type Result } from './lib/bench';
import { ProbedRun } from './lib/observed';

export const name = 'overhead';

interface Case {
  label: string;
  count: number;
  source: string;
}

const python: Case[] = [
  {
    label: 'Pool.map, trivial tasks', count: 100_000,
    source: `
def task(number):
    return number
with context.Pool(2) as pool:
    assert len(pool.map(task, range(count))) == count`,
  },
  {
    label: 'Pool.map, trivial tasks, one in a chunk', count: 100_000,
    source: `
def task(number):
    return number
with context.Pool(2) as pool:
    assert len(pool.map(task, range(count), 1)) == count`,
  },
  {
    label: 'ProcessPoolExecutor, tasks of 0.6 ms', count: 5_000,
    source: `
import concurrent.futures, time
def task(number):
    end = time.perf_counter() + 0.0006
    while time.perf_counter() < end:
        pass
    return number
with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
    assert len(list(executor.map(task, range(count)))) == count`,
  },
  {
    label: 'Queue, items', count: 200_000,
    source: `
def fill(queue):
    for number in range(count):
        queue.put(number)
queue = context.Queue()
child = context.Process(target=fill, args=(queue,))
child.start()
for number in range(count):
    assert queue.get() == number
child.join()`,
  },
  {
    label: 'Lock, acquire and release', count: 1_000_000,
    source: `
lock = context.Lock()
for _ in range(count):
    lock.acquire()
    lock.release()`,
  },
  {
    label: 'empty processes', count: 300,
    source: `
def nothing():
    pass
for _ in range(count):
    child = context.Process(target=nothing)
    child.start()
    child.join()
    assert child.exitcode == 0`,
  },
];

const node: Case[] = [
  {
    label: 'child_process.fork, empty files', count: 200,
    source: `
if (process.argv[3] !== 'child') {
  const { fork } = require('node:child_process');
  const next = (left) => left > 0 && fork(__filename, ['0', 'child']).once('exit', (code) => (code === 0 ? next(left - 1) : process.exit(1)));
  next(count);
}`,
  },
  {
    label: 'IPC, messages', count: 200_000,
    source: `
if (process.argv[3] === 'child') {
  let met = 0;
  process.on('message', () => { if (++met === count) process.send(met, () => process.disconnect()); });
} else {
  const child = require('node:child_process').fork(__filename, [String(count), 'child']);
  let sent = 0;
  const more = () => { for (let i = 0; i < 1000 && sent < count; i++) child.send({ number: sent++ }); if (sent < count) setImmediate(more); };
  more();
  child.on('message', (met) => { if (met !== count) process.exit(1); });
}`,
  },
];

const pythonProgram = (source: string): string => `import multiprocessing, sys\ncount = int(sys.argv[1])\ncontext = multiprocessing.get_context('fork')\n${source}\n`;
const nodeProgram = (source: string): string => `const count = Number(process.argv[2]);\n${source}\n`;

/** What programs that use processes as hard as they can take with the probes, beside bare. */
export async function run({ quick }: Options): Promise<Result> {
  const interpreter = findPythons().at(-1);
  if (!interpreter) throw new Error('no Python found');
  const probed = new ProbedRun();
  const rows: ({ program: string; count: number } & Comparison)[] = [];
  const measure = async ({ label, count }: Case, program: string, file: string, text: string): Promise<void> => {
    const path = probed.file(file);
    writeFileSync(path, text);
    const some = quick ? count / 50 : count;
    const [bare, observed] = await alternate(probed.variants(program, path, String(some)), quick ? 2 : 9);
    if (bare && observed) rows.push({ program: label, count: some, ...compare(bare, observed) });
  };
  try {
    for (const entry of python) await measure(entry, interpreter.path, 'program.py', pythonProgram(entry.source));
    for (const entry of node) await measure(entry, process.execPath, 'program.cjs', nodeProgram(entry.source));
  } finally {
    probed.end();
  }
  return {
    table: `Python ${interpreter.version}, Node ${process.versions.node}: whole programs, start and end among it; medians, and the median of the ratios of neighbours\n\n${tableOf(
      ['program', 'bare ms', 'with probe', 'times', 'CPU times'],
      rows.map((row) => [`${row.count.toLocaleString('en')} × ${row.program}`, format(row.bareMs), format(row.probeMs), format(row.ratio), format(row.cpuRatio)]),
    )}`,
    rows,
  };
}
