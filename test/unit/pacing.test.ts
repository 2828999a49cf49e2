import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Governor } from '../../src/observe/system/governor';
import { PidGate } from '../../src/observe/system/linux/pidGate';
import type { TreeSampler } from '../../src/observe/system/sampler';
import { SamplerSchedule } from '../../src/observe/system/samplerSchedule';

const shares = { membership: 0.003, numbers: 0.004 };

test('the gate opens on a fork and on a reaped process, and bounds the pids with new owners', () => {
  const lines = ['0.1 0.1 0.1 1/98 500', '0.1 0.1 0.1 3/98 500', '0.1 0.1 0.1 1/97 500', '0.1 0.1 0.1 1/98 510', '0.1 0.1 0.1 1/98 400'];
  const gate = new PidGate(() => lines.shift() ?? '', true);
  assert.equal(gate.look().happened, true, 'the first look knows nothing yet');
  assert.equal(gate.look().happened, false, 'running threads alone mean nothing');
  const reaped = gate.look();
  assert.equal(reaped.happened, true);
  assert.equal(reaped.given(500), false);
  const forked = gate.look();
  assert.deepEqual([500, 501, 510, 511].map((pid) => forked.given(pid)), [false, true, true, false]);
  assert.deepEqual(forked.range, [501, 510]);
  const wrapped = gate.look();
  assert.deepEqual([511, 399, 400, 401, 510].map((pid) => wrapped.given(pid)), [true, true, true, false, false]);
  assert.equal(wrapped.range, undefined);
});

test('the gate stays open where the file is not the kernel\'s, or says nothing', () => {
  const zeros = new PidGate(() => '0.00 0.00 0.00 0/0 0\n', true);
  zeros.look();
  assert.equal(zeros.look().happened, true);
  const foreign = new PidGate(() => '0.1 0.1 0.1 1/98 500', false);
  foreign.look();
  assert.equal(foreign.look().given(3), true);
});

test('the governor stretches looks that cost more than their share, but not for a single slow one', () => {
  const governor = new Governor();
  for (let i = 0; i < 5; i++) governor.looked(40);
  assert.equal(governor.interval(100, shares), 100, 'the first looks, of cold code, do not count');
  for (let i = 0; i < 9; i++) governor.looked(0.1);
  governor.looked(40);
  assert.equal(governor.interval(100, shares), 100);
  for (let i = 0; i < 9; i++) governor.looked(1.5);
  assert.equal(governor.interval(100, shares), 500);
  for (let i = 0; i < 9; i++) governor.looked(900);
  assert.equal(governor.interval(100, shares), 5_000, 'a look comes at least this often');
});

test('the governor reads few members at once, and many in slices within their share', () => {
  const few = new Governor();
  assert.deepEqual(few.slice(20, 1000, shares), { count: 20, pause: 1000 });
  assert.deepEqual(few.slice(0, 1000, shares), { count: 0, pause: 1000 });

  const many = new Governor();
  let [time, read] = [0, 0];
  while (time < 60_000) {
    const { count, pause } = many.slice(2000, 1000, shares);
    many.read(count * 0.01, count);
    assert.ok(count < 500);
    if (time > 10_000) read += count;
    time += pause;
  }
  const cost = read * 0.01;
  assert.ok(Math.abs(cost - 50_000 * shares.numbers) < 10, `${cost} ms of 50 s`);

  const dear = new Governor();
  for (let i = 0; i < 100; i++) dear.read(1000, 1);
  assert.equal(dear.slice(2000, 1000, shares).count, 20);
});

/** A sampler that records what it was asked, and timers that fire when told to. */
class Bench {
  live = 3;
  revision = 0;
  looks = 0;
  crowd = 0;
  time = 0;
  pending: { callback: () => void; at: number } | undefined;
  readonly sampler: TreeSampler;

  constructor(private readonly onLook: (bench: Bench) => void = () => undefined) {
    const look = (): void => {
      this.looks++;
      this.onLook(this);
    };
    const live = (): number => this.live;
    const revision = (): number => this.revision;
    this.sampler = {
      pace: { membership: 100, numbers: 1000 },
      membership: look,
      numbers: () => undefined,
      details: () => this.crowd-- > 0,
      adopt: () => undefined,
      knows: () => false,
      close: () => undefined,
      get live() { return live(); },
      get revision() { return revision(); },
    };
  }

  schedule(options: ConstructorParameters<typeof SamplerSchedule>[1] = {}): SamplerSchedule {
    const timers = {
      set: (callback: () => void, ms: number) => {
        this.pending = { callback, at: this.time + ms };
        return 1;
      },
      clear: () => { this.pending = undefined; },
    };
    return new SamplerSchedule(this.sampler, { timers, clock: () => this.time, cpu: () => 0, ...options });
  }

  /** Lets time pass up to `until`; the times at which the sampler was asked. */
  run(until: number): number[] {
    const times: number[] = [];
    while (this.pending && this.pending.at <= until) {
      const { callback, at } = this.pending;
      this.time = at;
      times.push(at);
      callback();
    }
    this.time = until;
    return times;
  }
}

test('a visible run is looked at ten times a second', () => {
  const bench = new Bench();
  bench.schedule().start();
  assert.equal(bench.run(1000).length, 10);
});

test('dear looks come more seldom, but as often as somebody has asked for', () => {
  const looksIn = (options: ConstructorParameters<typeof SamplerSchedule>[1]): number => {
    const bench = new Bench();
    let spent = 0;
    bench.schedule({ ...options, cpu: () => (spent += 1) }).start();
    return bench.run(10_000).filter((time) => time > 5_000).length;
  };
  assert.ok(looksIn({}) < 25, 'a ms a look is 0.3 % of a core at three looks a second');
  assert.ok(looksIn({ pace: { membership: 20 } }) >= 245);
});

test('a crowd of new members is described between the looks', () => {
  const bench = new Bench();
  bench.crowd = 3;
  bench.schedule().start();
  assert.deepEqual(bench.run(250), [50, 100, 150, 200]);
  assert.equal(bench.looks, 3);
});

test('a hidden run is looked at ever more seldom, until something changes', () => {
  const bench = new Bench();
  bench.schedule({ mode: 'hidden' }).start();
  assert.deepEqual(bench.run(15_000), [1000, 2500, 4750, 8125, 13_125]);
  bench.revision++;
  assert.deepEqual(bench.run(20_000), [18_125, 19_125]);
});

test('a run that becomes visible is looked at at once', () => {
  const bench = new Bench();
  const schedule = bench.schedule({ mode: 'hidden' });
  schedule.start();
  bench.run(10_000);
  const before = bench.looks;
  schedule.setMode('visible');
  assert.equal(bench.looks, before + 1);
  assert.equal(bench.run(10_500).length, 5);
});

test('nothing is scheduled once a look that began without members found none, and it can go on later', () => {
  let empty = 0;
  const bench = new Bench();
  const schedule = bench.schedule({ onEmpty: () => empty++ });
  schedule.start();
  bench.live = 0;
  bench.run(100);
  assert.equal(empty, 1);
  assert.equal(bench.pending, undefined);
  bench.live = 1;
  schedule.start();
  assert.notEqual(bench.pending, undefined);
});

test('when the last member ends in a look, another one searches for what it left behind', () => {
  let empty = 0;
  const bench = new Bench((self) => {
    if (self.looks === 2) self.live = 0;
    if (self.looks === 3) self.live = 1;
  });
  bench.schedule({ onEmpty: () => empty++ }).start();
  bench.run(1000);
  assert.equal(empty, 0);
  assert.ok(bench.looks > 5);
});

test('a stopped schedule stays still', () => {
  const bench = new Bench();
  const schedule = bench.schedule();
  schedule.start();
  schedule.stop();
  assert.equal(bench.pending, undefined);
  schedule.setMode('hidden');
  assert.equal(bench.pending, undefined);
});
