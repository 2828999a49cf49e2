/**
 * Observes one tree at real intervals and says what it cost: `pacedWorker.ts <JSON of PacedTask>` prints a PacedResult.
 * A process of its own, so that nothing but the observing is measured.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { readStart } from '../../../src/observe/identity';
import { LinuxSampler } from '../../../src/observe/linuxSampler';
import type { TreeSampler } from '../../../src/observe/sampler';
import { SamplerSchedule, type Mode } from '../../../src/observe/scheduler';
import { quantile } from './bench';
import { cpuSoFar } from './cpu';

export interface PacedTask {
  pid: number;
  seconds: number;
  warmUp: number;
  tool: 'procession' | 'ps-list';
  mode: Mode;
  /** ms between looks, instead of the tool's own */
  every?: number;
}

export interface PacedResult {
  /** share of one core, with everything that it started */
  share: number;
  looks: number;
  /** longest pause that the sampler made in its process, ms */
  p99: number;
  max: number;
  members: number;
}

/** Notes how long each call takes. */
function timed(sampler: TreeSampler, times: number[]): TreeSampler {
  const wrap = <A extends unknown[], R>(call: (...args: A) => R) => (...args: A): R => {
    const began = performance.now();
    try {
      return call(...args);
    } finally {
      times.push(performance.now() - began);
    }
  };
  const membership = wrap(() => sampler.membership());
  const numbers = wrap((count?: number) => sampler.numbers(count));
  return new Proxy(sampler, {
    get: (target, key) => (key === 'membership' ? membership : key === 'numbers' ? numbers : (Reflect.get(target, key, target) as unknown)),
  });
}

async function observe(task: PacedTask): Promise<PacedResult> {
  const times: number[] = [];
  const sampler = new LinuxSampler({
    root: { pid: task.pid, start: readStart(task.pid) ?? '0' }, runDirectory: '/nowhere', id: '1.1', now: Date.now, emit: () => undefined,
  });
  const pace = task.every === undefined ? {} : { pace: { membership: task.every, numbers: task.every } };
  new SamplerSchedule(timed(sampler, times), { mode: task.mode, ...pace }).start();
  await wait(task.warmUp * 1000);
  times.length = 0;
  const began = cpuSoFar();
  await wait(task.seconds * 1000);
  const share = (cpuSoFar() - began) / (task.seconds * 1000);
  return { share, looks: times.length, p99: quantile(times, 0.99), max: Math.max(0, ...times), members: sampler.live };
}

async function psList(task: PacedTask): Promise<PacedResult> {
  const { default: list } = await import('ps-list');
  await list();
  const began = cpuSoFar();
  let looks = 0;
  for (const end = performance.now() + task.seconds * 1000; performance.now() < end; looks++) {
    const next = performance.now() + (task.every ?? 1000);
    await list();
    await wait(Math.max(0, next - performance.now()));
  }
  return { share: (cpuSoFar() - began) / (task.seconds * 1000), looks, p99: Number.NaN, max: Number.NaN, members: Number.NaN };
}

const task = JSON.parse(process.argv[2] ?? '') as PacedTask;
void (task.tool === 'procession' ? observe(task) : psList(task)).then((result) => {
  console.log(JSON.stringify(result));
  process.exit(0);
});
