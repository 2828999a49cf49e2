import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findPythons } from '../../interpreters.mjs';
import { median } from './bench';

/** One way to run a program. */
export interface Variant {
  argv: string[];
  env: NodeJS.ProcessEnv;
  /** a folder whose files are removed before each run */
  clear?: string;
}

/** ms of each run, in the order of the rounds. `cpu` is that of the whole tree, as far as it was waited for. */
export interface Times {
  wall: number[];
  cpu: number[];
}

/**
 * Python, because it tells what wait4(2) says of one child, in microseconds, and starts it by posix_spawn, which costs the
 * same however big the starter is. Every other round goes through the variants backwards.
 */
const source = `
import json, os, sys, time
task = json.load(sys.stdin)
null = os.open(os.devnull, os.O_RDWR)
quiet = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)]
def once(variant):
    for entry in os.scandir(variant['clear']) if variant.get('clear') else ():
        os.unlink(entry.path)
    argv = variant['argv']
    began = time.perf_counter()
    _, status, usage = os.wait4(os.posix_spawn(argv[0], argv, variant['env'], file_actions=quiet), 0)
    took = time.perf_counter() - began
    if status:
        sys.exit('%s ended with status %d' % (argv, status))
    return took * 1000, (usage.ru_utime + usage.ru_stime) * 1000
times = [{'wall': [], 'cpu': []} for _ in task['variants']]
for number in range(-task['warmUps'], task['rounds']):
    order = list(zip(task['variants'], times))
    for variant, kept in order[::-1] if number % 2 else order:
        wall, cpu = once(variant)
        if number >= 0:
            kept['wall'].append(wall)
            kept['cpu'].append(cpu)
json.dump(times, sys.stdout)
`;

/** Runs the variants in turn, so that what else the machine does falls on all alike. The first `warmUps` rounds (1) do not count. */
export async function alternate(variants: readonly Variant[], rounds: number, warmUps = 1): Promise<Times[]> {
  const python = findPythons().at(-1);
  if (!python) throw new Error('no Python found');
  const running = promisify(execFile)(python.path, ['-I', '-c', source], { maxBuffer: 64_000_000 });
  running.child.stdin?.end(JSON.stringify({ variants, rounds, warmUps }));
  return JSON.parse((await running).stdout) as Times[];
}

/** What the second of two variants takes beside the first: medians in ms, the median of the rounds' differences, and the ratios. */
export interface Comparison {
  bareMs: number;
  probeMs: number;
  addedMs: number;
  ratio: number;
  addedCpuMs: number;
  cpuRatio: number;
}

/** Compares a program without and with the probes. */
export function compare(bare: Times, observed: Times): Comparison {
  const differences = (kind: keyof Times): number[] => observed[kind].map((value, round) => value - (bare[kind][round] ?? Number.NaN));
  const ratios = (kind: keyof Times): number[] => observed[kind].map((value, round) => value / (bare[kind][round] ?? Number.NaN));
  return {
    bareMs: median(bare.wall), probeMs: median(observed.wall), addedMs: median(differences('wall')), ratio: median(ratios('wall')),
    addedCpuMs: median(differences('cpu')), cpuRatio: median(ratios('cpu')),
  };
}
