import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { Report } from '../../src/core/report';
import { readStart } from '../../src/observe/system/identity';
import { LinuxSampler } from '../../src/observe/system/linux/linuxSampler';
import { median, tableOf, type Options, type Result } from './lib/bench';
import { builtCommandLine } from './lib/product';

export const name = 'short';

/** Starts children that live 1 to 20 ms each, one after the other, half of them forks and half of them commands, and says their pids. */
const program = `
import json, os, random, subprocess, sys, time
count = int(sys.argv[1])
lives = random.Random(1)
print(os.getpid(), flush=True)
sys.stdin.readline()
pids = []
for number in range(count):
    life = lives.uniform(0.001, 0.020)
    if number % 2:
        child = subprocess.Popen(['sleep', f'{life:.4f}'])
        pids.append(child.pid)
        child.wait()
    else:
        pid = os.fork()
        if pid == 0:
            time.sleep(life)
            os._exit(0)
        pids.append(pid)
        os.waitpid(pid, 0)
print(json.dumps(pids), flush=True)
`;

/** Something that looks at the processes once in a while, until it is stopped; the pids that it met. */
type Poller = { label: string; stop(): Promise<Set<number>> };

function poll(label: string, every: number, look: () => Iterable<number> | Promise<Iterable<number>>): Poller {
  const met = new Set<number>();
  let going = true;
  const done = (async () => {
    while (going) {
      const next = performance.now() + every;
      for (const pid of await look()) met.add(pid);
      await wait(Math.max(0, next - performance.now()));
    }
  })();
  return {
    label,
    stop: async () => {
      going = false;
      await done;
      return met;
    },
  };
}

function pollSampler(every: number, root: number): Poller {
  const met = new Set<number>();
  const sampler = new LinuxSampler({
    root: { pid: root, start: readStart(root) ?? '' }, runDirectory: '/nowhere', id: '1.1', now: Date.now,
    emit: (event) => { if (event.e === 'seen') met.add(Number.parseInt(event.child, 10)); },
  });
  return poll(`Procession without probes, looking every ${every} ms`, every, () => {
    sampler.membership();
    return met;
  });
}

async function once(cli: string, count: number): Promise<Map<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'procession-bench-'));
  const report = join(folder, 'report.json');
  const { default: psList } = await import('ps-list');
  const child: ChildProcess = spawn(process.execPath, [cli, 'run', '--report', report, '--', 'python3', '-c', program, String(count)], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (!child.stdout) throw new Error('no output');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const line = async (): Promise<string> => ((await lines.next()) as { value: string }).value;
    const root = Number(await line());
    const pollers = [
      poll('ps-list every 1 s', 1_000, async () => (await psList()).map((row) => row.pid)),
      pollSampler(1_000, root),
      pollSampler(100, root),
    ];
    child.stdin?.write('\n');
    const pids = JSON.parse(await line()) as number[];
    const found = new Map<string, number>();
    for (const poller of pollers) {
      const met = await poller.stop();
      found.set(poller.label, pids.filter((pid) => met.has(pid)).length);
    }
    await ended;
    const { members } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    const inReport = new Map(members.map((member) => [member.pid, member]));
    found.set('Procession, in the tree', pids.filter((pid) => inReport.has(pid)).length);
    found.set('Procession, with the right exit code', pids.filter((pid) => inReport.get(pid)?.exit?.code === 0).length);
    return found;
  } finally {
    child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How many of 200 children that live 1 to 20 ms are seen, by Procession and by polling tools in the same run. */
export async function run({ quick }: Options): Promise<Result> {
  const cli = builtCommandLine();
  const rounds = quick ? 1 : 3;
  const count = quick ? 60 : 200;
  const results = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [label, found] of await once(cli, count)) results.set(label, [...(results.get(label) ?? []), found]);
  }
  const rows = [...results].map(([label, found]) => ({ tool: label, of: count, median: median(found), least: Math.min(...found) })).reverse();
  return {
    table: `Children that live 1 to 20 ms each: how many are seen\n\n${tableOf(
      ['', `of ${count}`, 'worst round'], rows.map((row) => [row.tool, String(row.median), String(row.least)]))}`,
    rows,
  };
}
