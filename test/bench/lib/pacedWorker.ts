/**
 * Observes one tree at real intervals and says what it cost: `pacedWorker.ts <JSON of PacedTask>` prints a PacedResult.
 * A process of its own, so that nothing but the observing is measured.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { readStart } from '../../../src/observe/system/identity';
import { LinuxSampler } from '../../../src/observe/system/linux/linuxSampler';
import type { TreeSampler } from '../../../src/observe/system/sampler';
import { SamplerSchedule, type Mode } from '../../../src/observe/system/samplerSchedule';
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
  /** how long single calls of the sampler took, ms; and in ms of CPU, which a busy machine does not lengthen */
  p99: number;
  cpuP99: number;
  max: number;
  members: number;
}

interface Cost {
  wall: number;
  cpu: number;
}

/** Notes what each call takes. */
function timed(sampler: TreeSampler, costs: Cost[]): TreeSampler {
  const wrap = <A extends unknown[], R>(call: (...args: A) => R) => (...args: A): R => {
    const began = performance.now();
    const { user, system } = process.cpuUsage();
    try {
      return call(...args);
    } finally {
      const used = process.cpuUsage({ user, system });
      costs.push({ wall: performance.now() - began, cpu: (used.user + used.system) / 1000 });
    }
  };
  const membership = wrap(() => sampler.membership());
  const numbers = wrap((count?: number) => sampler.numbers(count));
  return new Proxy(sampler, {
    get: (target, key) => (key === 'membership' ? membership : key === 'numbers' ? numbers : (Reflect.get(target, key, target) as unknown)),
  });
}

async function observe(task: PacedTask): Promise<PacedResult> {
  const costs: Cost[] = [];
  const sampler = new LinuxSampler({
    root: { pid: task.pid, start: readStart(task.pid) ?? '0' }, runDirectory: '/nowhere', id: '1.1', now: Date.now, emit: () => undefined,
  });
  const pace = task.every === undefined ? {} : { pace: { membership: task.every, numbers: task.every } };
  new SamplerSchedule(timed(sampler, costs), { mode: task.mode, ...pace }).start();
  await wait(task.warmUp * 1000);
  costs.length = 0;
  const began = cpuSoFar();
  await wait(task.seconds * 1000);
  const share = (cpuSoFar() - began) / (task.seconds * 1000);
  const walls = costs.map((cost) => cost.wall);
  const cpuP99 = quantile(costs.map((cost) => cost.cpu), 0.99);
  return { share, looks: costs.length, p99: quantile(walls, 0.99), cpuP99, max: Math.max(0, ...walls), members: sampler.live };
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
  return { share: (cpuSoFar() - began) / (task.seconds * 1000), looks, p99: Number.NaN, cpuP99: Number.NaN, max: Number.NaN, members: Number.NaN };
}

const task = JSON.parse(process.argv[2] ?? '') as PacedTask;
void (task.tool === 'procession' ? observe(task) : psList(task)).then((result) => {
  console.log(JSON.stringify(result));
  process.exit(0);
});
