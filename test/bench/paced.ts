import { buildSync } from 'esbuild';
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { format, tableOf, type Options, type Result } from './lib/bench';
import type { PacedResult, PacedTask } from './lib/pacedWorker';
import { processCount, startTree } from './lib/tree';

export const name = 'paced';

interface Case {
  label: string;
  members: number;
  task: Pick<PacedTask, 'tool' | 'mode' | 'every'>;
  /** processes on the machine, at least */
  machine?: number;
  /** commands that strangers start in a second */
  forks?: number;
  /** the tree has ended before it is measured */
  ended?: boolean;
}

const visible = { tool: 'procession', mode: 'visible' } as const;
const hidden = { tool: 'procession', mode: 'hidden' } as const;

const smoke: Case[] = [
  { label: '20, visible', members: 20, task: visible },
  { label: '20, hidden', members: 20, task: hidden },
  { label: 'none any more', members: 20, task: visible, ended: true },
];

const full: Case[] = [
  { label: '20, everything at 1 s', members: 20, task: { ...visible, every: 1_000 } },
  { label: '20, visible', members: 20, task: visible },
  { label: '20 of 600, visible', members: 20, machine: 600, task: visible },
  { label: '20, visible, 50 foreign forks/s', members: 20, forks: 50, task: visible },
  { label: '100, visible', members: 100, task: visible },
  { label: '500, visible', members: 500, task: visible },
  { label: '2,000, visible', members: 2_000, task: visible },
  { label: '20, hidden', members: 20, task: hidden },
  { label: '500, hidden', members: 500, task: hidden },
  { label: '2,000, hidden', members: 2_000, task: hidden },
  { label: 'none any more', members: 20, task: visible, ended: true },
  { label: 'ps-list at 1 s, 20', members: 20, task: { tool: 'ps-list', mode: 'visible', every: 1_000 } },
  { label: 'ps-list at 1 s, 20 of 600', members: 20, machine: 600, task: { tool: 'ps-list', mode: 'visible', every: 1_000 } },
];

const execute = promisify(execFile);

/** Strangers that come and go: `perSecond` commands a second until ended. */
function forkAlways(perSecond: number): () => void {
  const child = spawn('sh', ['-c', 'while :; do i=0; while [ $i -lt 5 ]; do i=$((i+1)); true | cat & done; sleep "$1"; done', 'sh', String(10 / perSecond)], { stdio: 'ignore' });
  return () => child.kill('SIGKILL');
}

/** The worker as plain JavaScript: a loader in its process would be measured with it. */
function buildWorker(): string {
  const outfile = join(__dirname, '../../node_modules/.cache/procession-bench/pacedWorker.cjs');
  buildSync({ entryPoints: [join(__dirname, 'lib/pacedWorker.ts')], bundle: true, platform: 'node', format: 'cjs', external: ['ps-list'], outfile, logLevel: 'error' });
  return outfile;
}

async function measure(entry: Case, file: string, seconds: number, warmUp: number): Promise<PacedResult> {
  const crowd = entry.machine === undefined ? 0 : entry.machine - entry.members - processCount();
  const others = crowd > 1 ? await startTree(crowd) : undefined;
  const tree = await startTree(entry.members);
  const quiet = entry.forks === undefined ? undefined : forkAlways(entry.forks);
  const task: PacedTask = { ...entry.task, pid: tree.pid, seconds, warmUp };
  try {
    const worker = execute(process.execPath, [file, JSON.stringify(task)]);
    if (entry.ended) setTimeout(() => void tree.end(), (warmUp * 1000) / 2);
    return JSON.parse((await worker).stdout) as PacedResult;
  } finally {
    quiet?.();
    if (!entry.ended) await tree.end();
    await others?.end();
  }
}

/** Share of one core that observing a run takes at the intervals of the product. */
export async function run({ quick }: Options): Promise<Result> {
  const file = buildWorker();
  const rows: (PacedResult & { case: string })[] = [];
  for (const entry of quick ? smoke : full) rows.push({ case: entry.label, ...(await measure(entry, file, quick ? 3 : 20, quick ? 2 : 10)) });
  return {
    table: `Share of one core at the real intervals, and the longest single calls\n\n${tableOf(
      ['members', '% of a core', 'calls', 'p99 ms of CPU', 'p99 ms', 'longest ms'],
      rows.map((row) => [row.case, format(row.share * 100), String(row.looks), format(row.cpuP99), format(row.p99), format(row.max)]),
    )}`,
    rows,
  };
}
