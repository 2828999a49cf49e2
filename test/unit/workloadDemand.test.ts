import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { coreTime, Demand } from '../../src/workload/run/demand';

/** So many workers for so long (ms), of which each is on a core, or waits for one, for this share of its time. */
function follow(demand: Demand, share: number, looks = 10): number {
  const sum = { inTasks: 0, onCores: 0 };
  for (let i = 0; i < looks; i++) {
    demand.look({ ...sum }, 0);
    sum.inTasks += 100 * demand.allowed;
    sum.onCores += 100 * demand.allowed * share;
  }
  return demand.allowed;
}

describe('the demand for workers', () => {
  it('is the cores at first, and never more than was asked for', () => {
    assert.equal(new Demand(16, 4).allowed, 4);
    assert.equal(new Demand(3, 4).allowed, 3);
    assert.equal(new Demand(8, Infinity).allowed, 8);
  });

  it('stays so where tasks compute', () => {
    for (const cores of [1, 2, 16]) for (const share of [0.97, 1, 1.05]) assert.equal(follow(new Demand(64, cores), share), cores);
  });

  it('is what keeps the cores busy where tasks wait', () => {
    assert.equal(follow(new Demand(64, 2), 0.5), 4);
    assert.equal(follow(new Demand(64, 2), 0.1), 19);
    assert.equal(follow(new Demand(64, 2), 0), 64);
    assert.equal(follow(new Demand(64, 2), 0, 3), 64, 'at the third look');
  });

  it('is all that was asked for where the system does not tell', () => {
    const demand = new Demand(64, 2);
    demand.look(undefined, 0);
    assert.equal(demand.allowed, 64);
  });

  it('grows where nothing is answered for long: a task may wait for another, and spin', () => {
    const demand = new Demand(6, 2);
    for (const allowed of [4, 6]) {
      demand.look({ inTasks: 0, onCores: 0 }, 6_000);
      assert.equal(demand.allowed, allowed);
    }
  });
});

describe('the time on cores', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  const shell = (script: string) => spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });

  it('counts a process, its threads and its ended children', async () => {
    const loop = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done';
    const times: number[] = [];
    for (const script of ['echo', loop, `sh -c '${loop}'`]) {
      const child = shell(`${script}; echo; read x`);
      await once(child.stdout, 'data');
      times.push(coreTime(child.pid ?? 0, 10) ?? -1);
      child.stdin.end('x\n');
      await once(child, 'close');
    }
    const [idle = -1, busy = 0, parent = 0] = times;
    assert.ok(idle >= 0 && busy > idle + 20 && parent > idle + 20, times.join());
  });

  it('is not known of a process that is gone', () => {
    assert.equal(coreTime(spawnSync('true').pid, 10), undefined);
  });
});
