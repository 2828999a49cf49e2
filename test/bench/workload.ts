/**
 * What the workload runner does beside its peers, on the same machine in the same minutes: every figure that it is to
 * reach, reached or not. Peers that are not installed are left out and named: GNU parallel (`parallel` on PATH), joblib
 * and distributed (any Python found, or PROCESSION_TEST_PYTHON).
 */
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { installPeers } from './lib/peers';
import { findPythons } from '../interpreters.mjs';
import { Ground, until } from '../process/mapping';

export const name = 'workload';

interface Row {
  work: string;
  ours: string;
  beside: string;
  target: string;
  reached: boolean | null;
}

const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
const perSecond = (rate: number): string => (rate >= 10_000 ? `${Math.round(rate / 1000)} k/s` : `${rate.toFixed(rate < 100 ? 1 : 0)}/s`);
const times = (ratio: number): string => `${ratio.toFixed(ratio < 10 ? 2 : 0)} ×`;

/** Seconds from the first task's start to the last one's end, by the journal. */
function span(ground: Ground): number {
  let [from, to] = [Infinity, 0];
  for (const { t, us } of ground.tasks()) {
    from = Math.min(from, t);
    to = Math.max(to, t + us);
  }
  return (to - from) / 1e6;
}

const workPy = `
import time
def trivial(x): return x
def tenth(x):
    s = 0
    for i in range(2000): s += i
    return s
def millisecond(x):
    s = 0
    for i in range(20000): s += i
    return s
def sleep(row): time.sleep(row)
def echo(text): return text
`;
const workMjs = 'export const trivial = (x) => x;\nexport function millisecond(x) { let s = 0; for (let i = 0; i < 1_000_000; i++) s = Math.imul(s + i, 31); return s; }\n';

/** Peers in Python: prints tasks a second of a warm pool. */
const peersPy = `
import sys, time, json
sys.path.insert(0, '.')
import work
def rate(count, f):
    f(2); began = time.perf_counter(); f(count); return count / (time.perf_counter() - began)
if __name__ == '__main__':
    what, count, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if what == 'pool':
        from multiprocessing import Pool
        with Pool(workers) as pool: print(rate(count, lambda n: pool.map(work.trivial, range(n), chunksize=1)))
    elif what == 'executor':
        from concurrent.futures import ProcessPoolExecutor
        with ProcessPoolExecutor(workers) as pool: print(rate(count, lambda n: list(pool.map(work.trivial, range(n)))))
    elif what == 'joblib':
        from joblib import Parallel, delayed
        with Parallel(n_jobs=workers) as pool: print(rate(count, lambda n: pool(delayed(work.trivial)(x) for x in range(n))))
    elif what == 'megabyte':
        from multiprocessing import Pool
        text = 'x' * 1000000
        with Pool(workers) as pool: print(rate(count, lambda n: pool.map(work.echo, (text + str(i) for i in range(n)), chunksize=1)))
    elif what == 'dask':
        from distributed import Client, LocalCluster
        with Client(LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)) as client:
            print(rate(count, lambda n: client.gather([client.submit(work.trivial, x, pure=False) for x in range(n)])))
    elif what == 'control':
        began = time.perf_counter()
        for x in range(count): work.millisecond(x)
        print(count / (time.perf_counter() - began))
`;
const piscinaJs = `
const { Piscina } = require('piscina');
const [count, workers] = process.argv.slice(2).map(Number);
(async () => {
  const pool = new Piscina({ filename: require('path').resolve('trivial.cjs'), minThreads: workers, maxThreads: workers });
  await Promise.all([1, 2, 3, 4].map((x) => pool.run(x)));
  const began = performance.now();
  await Promise.all(Array.from({ length: count }, (_, x) => pool.run(x)));
  console.log(count / ((performance.now() - began) / 1000));
  process.exit(0);
})();
`;

const workers = 2;

class Comparison {
  readonly ground = new Ground().write({ 'work.py': workPy, 'work.mjs': workMjs, 'peers.py': peersPy, 'piscina.cjs': piscinaJs, 'trivial.cjs': 'module.exports = (x) => x;\n' });
  readonly rows: Row[] = [];
  readonly python: string;
  readonly rich: string | undefined;
  readonly #peers = installPeers();
  /** ms that the newest run's results took to check */
  #checked = 0;

  constructor(private readonly quick: boolean) {
    const pythons = findPythons();
    this.python = pythons.at(-1)?.path ?? 'python3';
    this.rich = [process.env.PROCESSION_TEST_PYTHON, ...pythons.map(({ path }) => path)].find((path) => path !== undefined && spawnSync(path, ['-c', 'import joblib, distributed'], { timeout: 60_000 }).status === 0);
  }

  size(full: number, part: number): number {
    return this.quick ? part : full;
  }

  get rounds(): number {
    return this.quick ? 1 : 5;
  }

  add(work: string, ours: string, beside: string, target: string, reached: boolean | null): void {
    this.rows.push({ work, ours, beside, target, reached });
  }

  /** The number that a peer prints; undefined when it is not there. */
  async peer(command: string, ...args: (string | number)[]): Promise<number | undefined> {
    const child = spawn(command, args.map(String), { cwd: this.ground.folder, stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, NODE_OPTIONS: '', NODE_PATH: this.#peers } });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    child.on('error', () => undefined);
    await once(child, 'close');
    const found = Number(text.trim());
    return text.trim() !== '' && Number.isFinite(found) ? found : undefined;
  }

  /** Runs a workload of `count` tasks; seconds by {@link span}. */
  ours(count: number, ...args: string[]): Promise<number> {
    return this.oursOn(workers, count, ...args);
  }

  async oursOn(many: number, count: number, ...args: string[]): Promise<number> {
    const { status, err } = await this.ground.map('--workers', String(many), '--results', 'results.jsonl', '--quiet', ...args);
    if (status !== 0) throw new Error(`map ${args.join(' ')} ended with ${status}: ${err}`);
    const ended = performance.now();
    const results = this.ground.read('results.jsonl').split('\n').length - 1;
    const journaled = this.ground.tasks().length;
    // A figure from another run's journal would look like any other.
    if (journaled !== count || results !== count) throw new Error(`map ${args.join(' ')}: ${count} tasks, but ${journaled} in the journal and ${results} results`);
    const seconds = span(this.ground);
    this.#checked = performance.now() - ended;
    return seconds;
  }

  async trivial(): Promise<void> {
    const count = this.size(100_000, 20_000);
    const rates: Record<string, number[]> = {};
    const keep = (key: string, rate: number | undefined): void => void (rate === undefined ? undefined : (rates[key] ??= []).push(rate));
    for (let round = 0; round < this.rounds; round++) {
      keep('python', count / (await this.ours(count, '--python', 'work.py:trivial', '--interpreter', this.python, '--range', `0:${count}`)));
      keep('Pool.map(chunksize=1)', await this.peer(this.python, 'peers.py', 'pool', count / 5, workers));
      keep('ProcessPoolExecutor', await this.peer(this.python, 'peers.py', 'executor', count / 10, workers));
      if (this.rich) keep('joblib', await this.peer(this.rich, 'peers.py', 'joblib', count, workers));
      keep('GNU parallel', this.#parallel(this.size(300, 100)));
      keep('node', count / (await this.ours(count, '--node', 'work.mjs:trivial', '--range', `0:${count}`)));
      keep('piscina', await this.peer(process.execPath, 'piscina.cjs', count / 5, workers));
    }
    const of = (key: string): number => median(rates[key] ?? []);
    const beside = (own: number, peers: string[]): string => peers.map((peer) => (rates[peer] ? `${peer} ${perSecond(of(peer))} (${times(own / of(peer))})` : `${peer}: not installed`)).join(', ');
    const [python, node] = [of('python'), of('node')];
    const least = (own: number, peer: string, factor: number): boolean => !rates[peer] || own >= factor * of(peer);
    this.add(`${count} trivial Python calls`, perSecond(python), beside(python, ['Pool.map(chunksize=1)', 'ProcessPoolExecutor', 'joblib', 'GNU parallel']), '≥ 300 k/s, ≥ 3 × Pool, ≥ 15 × executor, ≥ 500 × parallel',
      python >= 300_000 && least(python, 'Pool.map(chunksize=1)', 3) && least(python, 'ProcessPoolExecutor', 15) && least(python, 'GNU parallel', 500));
    this.add(`${count} trivial Node calls`, perSecond(node), beside(node, ['piscina']), '≥ 300 k/s, ≥ 5 × piscina', node >= 300_000 && least(node, 'piscina', 5));
  }

  /** Adding a worker never makes a workload slower: the whole command, from its start to its end, the same workload again and again. */
  async counts(): Promise<void> {
    const all = [1, 2, 4, 8, 16];
    for (const [name, count, what] of [['trivial', this.size(500_000, 20_000), 'trivial Python calls'], ['tenth', this.size(20_000, 2000), 'Python tasks of about 0.1 ms CPU'], ['millisecond', this.size(3000, 300), 'Python tasks of about 1 ms CPU']] as const) {
      const rates = new Map<number, number[]>(all.map((many) => [many, []]));
      for (let round = 0; round < Math.min(this.rounds, 3); round++) {
        for (const many of round % 2 ? [...all].reverse() : all) {
          const began = performance.now();
          await this.oursOn(many, count, '--python', `work.py:${name}`, '--interpreter', this.python, '--range', `0:${count}`);
          rates.get(many)?.push(count / this.#wall(began));
        }
      }
      const medians = all.map((many) => median(rates.get(many) ?? []));
      const steps = medians.slice(1).map((rate, i) => rate / Math.max(...medians.slice(0, i + 1)));
      const least = Math.min(...steps);
      this.add(`${count} ${what}, ${all.join(', ')} workers`, medians.map(perSecond).join(', '), `the worst step is ${times(least)} the best of fewer workers`, '≥ 0.9 ×', least >= 0.9);
    }
  }

  /** Seconds since, less what reading the results back took. */
  #wall(began: number): number {
    return (performance.now() - began - this.#checked) / 1000;
  }

  #timed(command: string): number | undefined {
    const began = performance.now();
    const { status } = spawnSync('sh', ['-c', command], { stdio: 'ignore', timeout: 300_000 });
    return status === 0 ? (performance.now() - began) / 1000 : undefined;
  }

  #parallel(count: number): number | undefined {
    const seconds = this.#timed(`command -v parallel && seq ${count} | parallel --will-cite -j${workers} true`);
    return seconds && count / seconds;
  }

  async milliseconds(): Promise<void> {
    const count = this.size(10_000, 1000);
    for (const [kind, target, control] of [['Python', ['--python', 'work.py:millisecond', '--interpreter', this.python], [this.python, 'peers.py', 'control', count / 2, workers]], ['Node', ['--node', 'work.mjs:millisecond'], [process.execPath, '-e', `import('./work.mjs').then(({ millisecond }) => { const t = performance.now(); for (let x = 0; x < ${count / 2}; x++) millisecond(x); console.log(${count / 2} / ((performance.now() - t) / 1000)); })`]]] as const) {
      const [shares, spreads]: [number[], number[]] = [[], []];
      for (let round = 0; round < this.rounds; round++) {
        const single = await this.peer(control[0], ...control.slice(1));
        const own = count / (await this.ours(count, ...target, '--range', `0:${count}`));
        const halves = await Promise.all([0, 1].map(() => this.peer(control[0], ...control.slice(1))));
        // Both halves take as long as the slower one.
        const both = 2 * Math.min(...halves.map((rate) => rate ?? Number.NaN));
        shares.push(own / both);
        spreads.push(both / (single ?? Number.NaN));
      }
      // Where two plain loops are not nearly twice as fast as one, other programs have the cores, and the share says nothing.
      const isQuiet = median(spreads) >= 1.6 && median(spreads) <= 2.1;
      this.add(`${count} ${kind} tasks of about 1 ms CPU`, times(median(shares)), `control: ${workers} plain loops, ${times(median(spreads))} one loop${isQuiet ? '' : ': the machine is busy, this figure says nothing'}`, '≥ 0.97 × control', isQuiet ? median(shares) >= 0.97 : null);
    }
  }

  async tails(): Promise<void> {
    const count = this.size(1000, 200);
    let seed = 7;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const heavy = Array.from({ length: count }, () => Math.min(0.8, 0.002 / random() ** 0.9));
    const long = [...Array.from({ length: count }, () => 0.002), 1];
    const ratio = async (rows: number[]): Promise<number> => {
      this.ground.write({ 'rows.json': JSON.stringify(rows) });
      const ideal = Math.max(rows.reduce((sum, row) => sum + row, 0) / workers, ...rows);
      return (await this.ours(rows.length, '--python', 'work.py:sleep', '--interpreter', this.python, '--json', 'rows.json')) / ideal;
    };
    const [tails, again]: [number[], number[]] = [[], []];
    for (let round = 0; round < this.rounds; round++) tails.push(await ratio(heavy));
    await ratio(long);
    for (let round = 0; round < this.rounds; round++) again.push(await ratio(long));
    this.add(`${count} tasks with a heavy tail (sleep)`, times(median(tails)), 'ideal makespan', '≤ 1.10 ×', median(tails) <= 1.1);
    this.add('re-run, one long task last, known by its journal', times(median(again)), 'ideal makespan', '≤ 1.08 ×', median(again) <= 1.08);
  }

  async commands(): Promise<void> {
    const count = this.size(2000, 300);
    const [own, xargs, parallel]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < this.rounds; round++) {
      // xargs pays for its start, so ours does too.
      const began = performance.now();
      await this.ours(count, '--range', `0:${count}`, '--', 'true');
      own.push(count / this.#wall(began));
      const seconds = this.#timed(`seq ${count} | xargs -P ${workers} -n 1 true`);
      if (seconds) xargs.push(count / seconds);
      const rate = this.#parallel(this.size(500, 100));
      if (rate) parallel.push(rate);
    }
    const mine = median(own);
    this.add(`${count} commands (true)`, perSecond(mine), `xargs -P ${perSecond(median(xargs))} (${times(mine / median(xargs))}), GNU parallel ${parallel.length ? `${perSecond(median(parallel))} (${times(mine / median(parallel))})` : 'not installed'}`, '≥ 0.9 × xargs, ≥ 3 × parallel',
      mine >= 0.9 * median(xargs) && (!parallel.length || mine >= 3 * median(parallel)));
  }

  async megabytes(): Promise<void> {
    const count = this.size(300, 40);
    const rows = createWriteStream(join(this.ground.folder, 'big.txt'));
    for (let i = 0; i < count; i++) if (!rows.write(`${'x'.repeat(1_000_000)}${i}\n`)) await once(rows, 'drain');
    rows.end();
    await once(rows, 'close');
    const shares: number[] = [];
    let last = 0;
    for (let round = 0; round < this.rounds; round++) {
      last = count / (await this.ours(count, '--python', 'work.py:echo', '--interpreter', this.python, '--lines', 'big.txt'));
      const pool = await this.peer(this.python, 'peers.py', 'megabyte', count, workers);
      if (pool) shares.push(last / pool);
    }
    this.add('1 MB in and out per task', `${last.toFixed(0)} MB/s each way`, `Pool.map: ours is ${times(median(shares))}`, '≥ 0.9 ×', median(shares) >= 0.9);
  }

  async memory(): Promise<void> {
    const count = this.size(10_000_000, 1_000_000);
    const rows = createWriteStream(join(this.ground.folder, 'many.txt'));
    for (let i = 0; i < count; i += 1000) if (!rows.write(Array.from({ length: 1000 }, (_, k) => `${i + k}\n`).join(''))) await once(rows, 'drain');
    rows.end();
    await once(rows, 'close');
    const { child, ended } = await this.ground.start(['--python', 'work.py:trivial', '--interpreter', this.python, '--lines', 'many.txt', '--workers', '2', '--results', 'results.jsonl', '--quiet']);
    let peak = 0;
    const look = setInterval(() => {
      try {
        peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);
      } catch {
        // It has just ended.
      }
    }, 200);
    const { status } = await ended;
    clearInterval(look);
    this.add(`${count} rows from a file`, `${Math.round(peak)} MB peak of the runner`, `exit status ${status}`, '< 200 MB', status === 0 && peak > 0 && peak < 200);
  }

  async dask(): Promise<void> {
    if (!this.rich) return this.add('Dask, trivial tasks', '–', 'distributed is not installed', '≥ 50 × one future a task', null);
    const count = this.size(50_000, 20_000);
    const ratios: number[] = [];
    for (let round = 0; round < Math.min(this.rounds, 3); round++) {
      const own = count / (await this.ours(count, '--python', 'work.py:trivial', '--interpreter', this.rich, '--range', `0:${count}`, '--dask', 'local'));
      const single = await this.peer(this.rich, 'peers.py', 'dask', this.size(1000, 300), workers);
      if (single) ratios.push(own / single);
    }
    this.add(`Dask, ${workers} workers on loopback, trivial tasks`, times(median(ratios)), 'one future a task', '≥ 50 ×', median(ratios) >= 50);
  }

  async crashes(): Promise<void> {
    const count = 1000;
    const wanted = this.size(50, 5);
    const ground = new Ground().write({ 'work.py': 'import time\ndef f(x):\n    time.sleep(0.02)\n    return x\n', 'w.workload.json': JSON.stringify({ run: { python: 'work.py:f', interpreter: this.python }, over: { range: [0, count] }, results: 'r.jsonl', workers, grace: 0.2 }) });
    let [kills, midst, orphans] = [0, 0, 0];
    const journaled = (): number => (ground.run() ? ground.tasks().length : 0);
    for (let round = 0; round < wanted; round++) {
      const before = journaled();
      const { child, ended } = await ground.start(['w.workload.json', ...(round ? ['--resume'] : [])]);
      let isOver = false;
      void ended.then(() => (isOver = true));
      // One kill in five comes in the first breath, the others after a random piece of work.
      const [work, wait] = round % 5 === 0 ? [0, Math.random() * 300] : [Math.floor(Math.random() * 16), Math.random() * 40];
      await until('the work', () => isOver || journaled() >= before + work);
      const from = Date.now();
      await until('the moment', () => isOver || Date.now() - from > wait);
      if (isOver) break;
      child.kill('SIGKILL');
      await ended;
      kills++;
      if (journaled() > before) midst++;
      await until('the workers end', () => ground.left().length === 0, 10_000).catch(() => (orphans += ground.left().length));
    }
    const { status } = await ground.map('w.workload.json', '--resume');
    const found = ground.read('r.jsonl').trimEnd().split('\n').map((line) => (JSON.parse(line) as { index: number }).index);
    const lost = count - new Set(found).size;
    const twice = found.length - new Set(found).size;
    this.add(`${count} tasks, the runner killed ${kills} times (${midst} after it had done some) and resumed`, `${lost} lost, ${twice} twice, ${orphans} orphans`, `exit status ${status}`, 'every row exactly once, no orphans', lost === 0 && twice === 0 && orphans === 0 && status === 0);
    ground.close();
  }
}

/** Runs all, or what PROCESSION_BENCH names (trivial, counts, milliseconds, tails, commands, megabytes, memory, dask, crashes). */
export async function run({ quick }: { quick: boolean }): Promise<{ table: string; rows: Row[] }> {
  const comparison = new Comparison(quick);
  const all = ['trivial', 'counts', 'milliseconds', 'tails', 'commands', 'megabytes', 'memory', 'dask', 'crashes'] as const;
  const chosen = process.env.PROCESSION_BENCH?.split(',');
  try {
    for (const part of all) if (!chosen || chosen.includes(part)) await comparison[part]();
  } finally {
    comparison.ground.close();
  }
  const lines = comparison.rows.map((row) => `| ${row.work} | ${row.ours} | ${row.beside} | ${row.target} | ${row.reached === null ? '–' : row.reached ? 'yes' : 'NO'} |`);
  const [load = 0] = loadavg();
  return { table: [`load at the end: ${load.toFixed(1)} on ${availableParallelism()} cores`, '', '| work | ours | beside | must be | reached |', '| --- | --- | --- | --- | --- |', ...lines].join('\n'), rows: comparison.rows };
}

