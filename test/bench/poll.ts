import { execFile, spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readStart } from '../../src/observe/system/identity';
import { LinuxSampler } from '../../src/observe/system/linux/linuxSampler';
import { PidGate } from '../../src/observe/system/linux/pidGate';
import { format, median, tableOf, type Options, type Result } from './lib/bench';
import { cpuOf } from './lib/cpu';
import { loadPeers, type Peers } from './lib/peers';
import { psutilOn } from './lib/psutil';
import { processCount, startTree } from './lib/tree';

export const name = 'poll';

/** One way to look at a tree: CPU ms of one look, as the mean of `calls`, and how many processes of the tree it found. */
interface Method {
  label: string;
  look(calls: number): Promise<{ cpu: number; found: number }>;
  end?(): void;
}

interface Case {
  label: string;
  tree: number;
  /** processes on the machine, at least */
  machine?: number;
}

const own = 'Procession, every member asked';
const execute = promisify(execFile);

/**
 * A look at members and numbers of everybody. A quiet process table spares a sampler to ask which members still exist:
 * `ask` has it ask all the same, `fork` really starts a process before each look, which also leaves cold caches behind.
 */
async function procession(pid: number, label: string, kind: 'quiet' | 'ask' | 'fork'): Promise<Method> {
  let threads = 100;
  const gate = kind === 'ask' ? new PidGate(() => `0 0 0 1/${threads++} 1`, true) : new PidGate();
  const options = { root: { pid, start: readStart(pid) ?? '' }, runDirectory: '/nowhere', id: '1.1', now: Date.now, emit: () => undefined };
  const sampler = new LinuxSampler(options, gate);
  const look = (): void => {
    sampler.membership();
    sampler.numbers();
  };
  look();
  // New members are looked at more closely for a second.
  await wait(1_200);
  for (let i = 0; i < 50; i++) look();
  return {
    label,
    look: async (calls) => {
      if (kind !== 'fork') return { cpu: await cpuOf(look, calls), found: sampler.live };
      let cpu = 0;
      for (let i = 0; i < Math.min(calls, 40); i++) {
        spawnSync('true');
        cpu += await cpuOf(look, 1);
      }
      return { cpu: cpu / Math.min(calls, 40), found: sampler.live };
    },
    end: () => sampler.close(),
  };
}

/** Counts the tree below a pid in a list, whatever its order. */
function below(root: number, rows: readonly { pid: number; ppid: number }[]): number {
  const children = new Map<number, number[]>();
  for (const { pid, ppid } of rows) children.set(ppid, [...(children.get(ppid) ?? []), pid]);
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found.length;
}

function counted(label: string, find: () => Promise<number>): Method {
  return {
    label,
    look: async (calls) => {
      let found = 0;
      const cpu = await cpuOf(async () => { found = await find(); }, calls);
      return { cpu, found };
    },
  };
}

async function methods(pid: number, peers: Peers, all: boolean): Promise<Method[]> {
  const { default: psList } = await import('ps-list');
  const ps = async (columns: string): Promise<number> => {
    const { stdout } = await execute('ps', ['-axo', columns], { maxBuffer: 64_000_000 });
    return below(pid, stdout.split('\n').map((line) => line.trim().split(/\s+/, 2).map(Number)).map(([child = 0, ppid = 0]) => ({ pid: child, ppid })));
  };
  // What VS Code's own process list does, without the script that it runs for the CPU: it needs the parent's line first.
  const editor = async (): Promise<number> => {
    const { stdout } = await execute('ps', ['-ax', '-o', 'pid=,ppid=,pcpu=,pmem=,command='], { maxBuffer: 64_000_000 });
    const known = new Set([pid]);
    for (const line of stdout.split('\n')) {
      const found = /^\s*([0-9]+)\s+([0-9]+)\s+([0-9]+\.[0-9]+)\s+([0-9]+\.[0-9]+)\s+(.+)$/.exec(line);
      if (found && known.has(Number(found[2]))) known.add(Number(found[1]));
    }
    return known.size;
  };
  const psutil = peers.psutil && psutilOn(pid, peers.psutil);
  return [
    await procession(pid, own, 'ask'),
    await procession(pid, 'Procession, a quiet machine', 'quiet'),
    await procession(pid, 'Procession, after a real fork', 'fork'),
    counted('ps-list', async () => below(pid, await psList())),
    counted('pidtree (pids only)', async () => (await peers.pidtree(pid)).length + 1),
    counted('ps -axo, 8 columns', () => ps('pid=,ppid=,pgid=,state=,time=,rss=,nlwp=,args=')),
    counted('as VS Code: ps -ax, no CPU now', editor),
    ...(psutil ? [{ label: 'psutil, 7 fields', ...psutil }] : []),
    ...(all ? [counted('systeminformation', async () => {
      const { list } = await peers.systeminformation.processes();
      return below(pid, list.map((row) => ({ pid: row.pid, ppid: row.parentPid })));
    })] : []),
  ];
}

async function measure(entry: Case, peers: Peers, rounds: number, all: boolean): Promise<Map<string, { cpu: number; found: number }>> {
  const crowd = entry.machine === undefined ? 0 : entry.machine - entry.tree - processCount();
  const others = crowd > 1 ? await startTree(crowd) : undefined;
  const tree = await startTree(entry.tree);
  const ways = await methods(tree.pid, peers, all);
  try {
    const calls = new Map<Method, number>();
    for (const way of ways) calls.set(way, Math.min(400, Math.max(1, Math.round(150 / (await way.look(1)).cpu))));
    const results = new Map(ways.map((way) => [way, { cpu: [] as number[], found: 0 }]));
    for (let round = 0; round < rounds; round++) {
      for (const [way, result] of results) {
        const { cpu, found } = await way.look(calls.get(way) ?? 1);
        result.cpu.push(cpu);
        result.found = found;
      }
    }
    return new Map([...results].map(([way, { cpu, found }]) => [way.label, { cpu: median(cpu), found }]));
  } finally {
    for (const way of ways) way.end?.();
    await tree.end();
    await others?.end();
  }
}

/** CPU of one look at a live run, beside other tools that list processes. */
export async function run({ quick }: Options): Promise<Result> {
  const cases: Case[] = quick
    ? [{ label: '10', tree: 10 }, { label: '100', tree: 100 }, { label: '20 of 300', tree: 20, machine: 300 }]
    : [
        { label: '10', tree: 10 }, { label: '100', tree: 100 }, { label: '500', tree: 500 }, { label: '2,000', tree: 2_000 },
        { label: '20 of 600', tree: 20, machine: 600 },
      ];
  const peers = await loadPeers();
  const results = new Map<Case, Awaited<ReturnType<typeof measure>>>();
  for (const entry of cases) results.set(entry, await measure(entry, peers, quick ? 1 : 5, !quick));
  const labels = [...new Set([...results.values()].flatMap((result) => [...result.keys()]))];
  const rows = [...results].flatMap(([entry, result]) => labels.map((label) => ({
    method: label, case: entry.label, members: entry.tree, cpuMs: result.get(label)?.cpu, found: result.get(label)?.found,
    timesProcession: (result.get(label)?.cpu ?? Number.NaN) / (result.get(own)?.cpu ?? Number.NaN),
  })));
  const cell = (label: string, entry: Case): string => {
    const row = rows.find((candidate) => candidate.method === label && candidate.case === entry.label);
    const missed = row?.found !== undefined && row.found < entry.tree ? ` (found ${row.found})` : '';
    return row?.cpuMs === undefined ? '–' : `${format(row.cpuMs)} (${format(row.timesProcession)}×)${missed}`;
  };
  return {
    table: `CPU ms of one look, with everything that it starts (times Procession's)\n\n${
      tableOf(['members', ...cases.map((entry) => entry.label)], labels.map((label) => [label, ...cases.map((entry) => cell(label, entry))]))}`,
    rows,
  };
}
