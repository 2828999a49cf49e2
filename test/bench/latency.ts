import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { findPythons } from '../interpreters.mjs';
import { ownRef } from '../../src/launch/launcher';
import { OpenRun } from '../../src/observe/record/openRun';
import { format, quantile, tableOf, type Options, type Result } from './lib/bench';
import { memoryFolder } from './lib/observed';
import { builtCommandLine } from './lib/product';

export const name = 'latency';

/** Starts children one by one, with pauses of no regular length, and says when it forked which. */
const program = `
import json, multiprocessing, os, random, subprocess, sys, time
kind, count = sys.argv[1], int(sys.argv[2])
print(os.getpid(), flush=True)
sys.stdin.readline()
pauses = random.Random(1)
def child():
    time.sleep(0.5)
def fork():
    pid = os.fork()
    if pid == 0:
        time.sleep(0.5)
        os._exit(0)
    return pid
def process():
    made = multiprocessing.get_context('fork').Process(target=child)
    made.start()
    return made.pid
start = {'os.fork': fork, 'multiprocessing': process, 'subprocess': lambda: subprocess.Popen(['sleep', '0.5']).pid}[kind]
times = {}
for _ in range(count):
    before = time.time() * 1000
    times[start()] = before
    time.sleep(pauses.uniform(0.005, 0.06))
print(json.dumps(times), flush=True)
sys.stdin.readline()
`;

/** As in the window: its store tells of changes at most so often, in ms. */
const quiet = 25;

/** Follows a run as the window does; notes when each pid is first in the report. */
class Follower {
  readonly known = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;
  readonly #open: OpenRun;

  constructor(directory: string) {
    this.#open = new OpenRun(directory, ownRef(), () => {
      this.#timer ??= setTimeout(() => this.#look(), quiet);
    });
    this.#open.attend('visible');
  }

  #look(): void {
    this.#timer = undefined;
    const { members } = this.#open.report();
    const now = performance.timeOrigin + performance.now();
    for (const { pid } of members) if (!this.known.has(pid)) this.known.set(pid, now);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#open.close();
  }
}

async function measure(kind: string, count: number): Promise<number[]> {
  const python = findPythons().at(-1);
  if (!python) throw new Error('no Python found');
  const folder = memoryFolder();
  const record = join(folder, 'run');
  const child = spawn(process.execPath, [builtCommandLine(), 'run', '--record', record, '--', python.path, '-c', program, kind, String(count)], { stdio: ['pipe', 'pipe', 'inherit'] });
  let follower: Follower | undefined;
  try {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const line = async (): Promise<string> => ((await lines.next()) as { value: string }).value;
    await line();
    follower = new Follower(record);
    child.stdin.write('\n');
    const forked = Object.entries(JSON.parse(await line()) as Record<string, number>);
    const { known } = follower;
    for (const end = Date.now() + 10_000; Date.now() < end && !forked.every(([pid]) => known.has(Number(pid)));) await wait(20);
    child.stdin.end('\n');
    await ended;
    return forked.map(([pid, t]) => (known.get(Number(pid)) ?? Infinity) - t);
  } finally {
    follower?.close();
    child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From the fork in the program to the row in what the window shows and its public API gives. */
export async function run({ quick }: Options): Promise<Result> {
  const count = quick ? 30 : 400;
  const rows: { kind: string; of: number; known: number; median: number; p99: number; longest: number }[] = [];
  for (const kind of ['os.fork', 'multiprocessing', 'subprocess']) {
    const times = await measure(kind, count);
    rows.push({ kind, of: count, known: times.filter(Number.isFinite).length, median: quantile(times, 0.5), p99: quantile(times, 0.99), longest: Math.max(...times) });
  }
  return {
    table: `From just before the call that forks to the row, ms; the window waits up to ${quiet} ms to tell of many changes at once\n\n${tableOf(
      ['children of', 'shown', 'median', 'p99', 'longest'],
      rows.map((row) => [row.kind, `${row.known} of ${row.of}`, format(row.median), format(row.p99), format(row.longest)]),
    )}`,
    rows,
  };
}
