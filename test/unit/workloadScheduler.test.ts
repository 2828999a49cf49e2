import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Scheduler } from '../../src/workload/run/scheduler';
import { parseHalt } from '../../src/workload/run/halt';
import type { Workload } from '../../src/workload/workload';
import type { TaskError, Task } from '../../src/workload/task';

/** A worker of the tests: what it was sent and has not answered. */
interface FakeWorker {
  sent: string[];
  sequence: number;
  started: number;
  /** answers in its slot that it has not sent */
  held: string[];
}

type Rules = Partial<Pick<Workload, 'workers' | 'batch' | 'timeout' | 'retries' | 'halt' | 'maxTasksPerWorker'>> & { ownProcesses?: boolean };

/** A scheduler with fake workers and a clock that only the test moves. */
class Bench {
  now = 0;
  readonly workers = new Map<number, FakeWorker>();
  readonly done: number[] = [];
  readonly values: string[] = [];
  /** µs */
  readonly begins: number[] = [];
  readonly failures: { index: number; error: TaskError; again: boolean; attempt: number }[] = [];
  readonly kills: [number, string][] = [];
  readonly closed: number[] = [];
  readonly spared: number[] = [];
  ended: { state: string; reason?: string | undefined } | undefined;
  mayStart = true;
  readonly scheduler: Scheduler;

  constructor(rules: Rules = {}) {
    this.scheduler = new Scheduler(
      { workers: 2, batch: 'auto', timeout: null, retries: { times: 0, wait: 0, factor: 2 }, halt: null, maxTasksPerWorker: null, ownProcesses: false, ...rules },
      {
        start: (worker) => this.workers.set(worker, { sent: [], sequence: 0, started: this.now, held: [] }),
        send: (worker, rows) => this.worker(worker).sent.push(...rows),
        close: (worker) => this.closed.push(worker),
        kill: (worker, reason) => this.kills.push([worker, reason]),
        spare: (worker) => this.spared.push(worker),
        done: ({ task, startedAt }, value) => {
          this.done.push(task.index);
          this.values.push(value);
          this.begins.push(startedAt);
        },
        failed: ({ task }, error, again) => this.failures.push({ index: task.index, error, again, attempt: task.attempt }),
        mayStart: () => this.mayStart,
        finished: (state, reason) => {
          assert.equal(this.ended, undefined, 'finished is told once');
          this.ended = { state, reason };
        },
      },
      0,
    );
  }

  worker(number: number): FakeWorker {
    const found = this.workers.get(number);
    assert.ok(found, `worker ${number} was started`);
    return found;
  }

  offer(count: number, expected?: (index: number) => number): void {
    const tasks: Task[] = Array.from({ length: count }, (_, index) => ({ index, row: String(index), attempt: 1, ...(expected ? { expected: expected(index) } : {}) }));
    this.scheduler.offer(tasks, count, this.now);
    this.scheduler.endInput(this.now);
  }

  ready(number: number): void {
    this.scheduler.ready(number, this.now, 0, this.now);
  }

  /** The worker answers its oldest task. */
  answer(number: number, how: { us?: number; failed?: boolean } = {}): string {
    const row = this.hold(number, how);
    this.scheduler.answers(number, this.slot(number), this.now);
    this.worker(number).held = [];
    return row;
  }

  /** The worker is done with its oldest task, and keeps the answer. */
  hold(number: number, { us = 1000, failed = false }: { us?: number; failed?: boolean } = {}): string {
    const worker = this.worker(number);
    const row = worker.sent.shift();
    assert.ok(row !== undefined, `worker ${number} has a task`);
    worker.sequence++;
    worker.held.push(`${failed ? 1 : 0} ${us} 0 - ${failed ? '{"type":"ValueError","message":"no"}' : 'null'}`);
    return row;
  }

  slot(number: number): string[] {
    const { sequence, held } = this.worker(number);
    return [`>${sequence - held.length} 0 ${held.length}`, ...held];
  }

  die(number: number, { busy = true, signal = 'SIGSEGV', lines = this.slot(number) }: { busy?: boolean; signal?: string | null; lines?: string[] } = {}): void {
    const worker = this.worker(number);
    this.workers.delete(number);
    this.scheduler.died(number, { code: signal === null ? 3 : null, signal }, { lines, current: busy ? { sequence: worker.sequence, start: 0 } : undefined }, 0, this.now);
  }
}

describe('the scheduler of a workload', () => {
  it('starts no more workers than there are tasks', () => {
    const bench = new Bench({ workers: 8 });
    bench.offer(3);
    assert.equal(bench.workers.size, 3);
  });

  it('starts no more workers than there may be', () => {
    const bench = new Bench({ workers: 8 });
    bench.scheduler.mayHave = 2;
    bench.offer(100);
    assert.equal(bench.workers.size, 2);
    bench.scheduler.mayHave = 5;
    bench.scheduler.tick(bench.now, () => undefined);
    assert.equal(bench.workers.size, 5);
  });

  it('gives no worker what the others wait for, while more is being read', () => {
    const bench = new Bench({ workers: 4 });
    const tasks = Array.from({ length: 4_000 }, (_, index) => ({ index, row: String(index), attempt: 1 }));
    bench.scheduler.offer(tasks, 1_000_000, 0);
    for (const number of [1, 2, 3, 4]) bench.ready(number);
    for (const number of [1, 2, 3, 4]) bench.answer(number, { us: 1 });
    const sent = [1, 2, 3, 4].map((number) => bench.worker(number).sent.length);
    assert.ok(Math.max(...sent) <= 2_000 && Math.min(...sent) >= 400, sent.join());
  });

  it('a task that can\'t go to a worker has failed, and counts', () => {
    const bench = new Bench({ workers: 1, halt: { when: 'soon', on: 'fail', count: 1 } });
    bench.scheduler.reject({ index: 7, row: '1e400', attempt: 1 }, { type: 'RowRefused', message: 'no' }, 0);
    assert.deepEqual(bench.failures.map(({ index, again }) => [index, again]), [[7, false]]);
    bench.scheduler.endInput(0);
    assert.deepEqual(bench.ended, { state: 'halted', reason: '1 task failed' });
  });

  it('halts for a reason from outside, and lets what runs end', () => {
    const bench = new Bench({ workers: 1, batch: 1 });
    bench.offer(3);
    bench.ready(1);
    bench.scheduler.halt('the disk is full', 0);
    assert.equal(bench.ended, undefined);
    bench.answer(1);
    assert.deepEqual([bench.ended, bench.done], [{ state: 'halted', reason: 'the disk is full' }, [0]]);
  });

  it('sends one task first, then batches of about 50 ms', () => {
    const bench = new Bench({ workers: 1 });
    bench.offer(1000);
    bench.ready(1);
    assert.equal(bench.worker(1).sent.length, 1);
    bench.answer(1, { us: 1000 });
    // Two batches lie ahead while tasks are short.
    assert.equal(bench.worker(1).sent.length, 100);
  });

  it('keeps nothing waiting behind a long task', () => {
    const bench = new Bench({ workers: 1 });
    bench.offer(10);
    bench.ready(1);
    bench.answer(1, { us: 2_000_000 });
    assert.equal(bench.worker(1).sent.length, 1);
  });

  it('sends a task that is known to be long alone', () => {
    const bench = new Bench({ workers: 1, batch: 10 });
    bench.offer(10, (index) => (index === 0 ? 500_000 : 1));
    bench.ready(1);
    assert.deepEqual(bench.worker(1).sent, ['0']);
  });

  it('blames a death on the task that ran, and on no other', () => {
    const bench = new Bench({ workers: 1, batch: 5 });
    bench.offer(5);
    bench.ready(1);
    bench.answer(1);
    bench.die(1);
    assert.deepEqual(bench.failures.map(({ index, error }) => [index, error.message]), [[1, 'worker 1 was killed by SIGSEGV while on row 1']]);
    bench.ready(1);
    while (bench.worker(1).sent.length) bench.answer(1);
    assert.deepEqual(bench.done, [0, 2, 3, 4]);
    assert.equal(bench.ended?.state, 'done');
  });

  it('takes the answers that a dead worker had not sent', () => {
    const bench = new Bench({ workers: 1, batch: 3 });
    bench.offer(3);
    bench.ready(1);
    const worker = bench.worker(1);
    worker.sequence = 2;
    bench.die(1, { lines: ['>0 0 3', '0 5 0 - 1', '0 5 0 - 2'] });
    assert.deepEqual(bench.done, [0, 1]);
    assert.deepEqual(bench.failures.map(({ index }) => index), [2]);
  });

  it('counts an answer once that came by the pipe and by the slot', () => {
    const bench = new Bench({ workers: 1, batch: 2 });
    bench.offer(2);
    bench.ready(1);
    bench.answer(1);
    bench.die(1, { lines: ['>0 0 2', '0 1000 0 - null'] });
    assert.deepEqual(bench.done, [0]);
    assert.deepEqual(bench.failures.map(({ index }) => index), [1]);
  });

  it('counts an answer once that was taken from the slot before it came', () => {
    const bench = new Bench({ workers: 1, batch: 4 });
    bench.offer(5);
    bench.ready(1);
    const collect = (): void => bench.scheduler.collect(1, bench.slot(1), bench.now);
    bench.hold(1);
    bench.hold(1);
    collect();
    collect();
    assert.deepEqual(bench.done, [0, 1]);
    const before = bench.slot(1);
    bench.hold(1);
    collect();
    bench.scheduler.collect(1, before, bench.now);
    assert.deepEqual(bench.done, [0, 1, 2]);
    bench.answer(1);
    assert.deepEqual(bench.done, [0, 1, 2, 3]);
    bench.answer(1);
    assert.equal(bench.ended?.state, 'done');
    assert.deepEqual(bench.kills, []);
  });

  it('takes nothing from a slot whose answers have come, or are just coming', () => {
    const bench = new Bench({ workers: 1, batch: 6 });
    bench.offer(6);
    bench.ready(1);
    const short = ['0 5 0 - 0', '0 5 0 - 1'];
    bench.scheduler.collect(1, ['>0 0 6', ...short], bench.now);
    // The slot stays as it is while a long answer is on its way.
    bench.scheduler.answers(1, ['>0 0 6', short[0] ?? ''], bench.now);
    bench.scheduler.collect(1, ['>0 0 6', ...short], bench.now);
    bench.scheduler.answers(1, [short[1] ?? '', '0 5 0 - "long"'], bench.now);
    bench.scheduler.collect(1, ['>0 0 6', ...short], bench.now);
    bench.scheduler.answers(1, ['>3 15 3', '0 5 0 - 3'], bench.now);
    assert.deepEqual([bench.done, bench.values, bench.kills], [[0, 1, 2, 3], ['0', '1', '"long"', '3'], []]);
  });

  it('tries again with growing pauses, and then tells the failure', () => {
    const bench = new Bench({ workers: 1, retries: { times: 2, wait: 1, factor: 3 } });
    bench.offer(1);
    bench.ready(1);
    bench.answer(1, { failed: true });
    const times: number[] = [];
    for (bench.now = 0; bench.now < 10_000 && !bench.ended; bench.now += 500) {
      bench.scheduler.tick(bench.now, () => undefined);
      if (bench.worker(1).sent.length) {
        times.push(bench.now);
        bench.answer(1, { failed: true });
      }
    }
    assert.deepEqual(times, [1000, 4000]);
    assert.deepEqual(bench.failures.map(({ attempt, again }) => [attempt, again]), [[1, true], [2, true], [3, false]]);
    assert.equal(bench.ended?.state, 'done');
  });

  it('ends what takes too long, fails it as that, and gives its neighbours to another', () => {
    const bench = new Bench({ workers: 1, batch: 3, timeout: { seconds: 2 } });
    bench.offer(3);
    bench.ready(1);
    const current = (): { sequence: number; start: number } => ({ sequence: 0, start: 0 });
    bench.now = 1900;
    bench.scheduler.tick(bench.now, current);
    assert.deepEqual(bench.kills, []);
    bench.now = 2100;
    bench.scheduler.tick(bench.now, current);
    bench.scheduler.tick(bench.now, current);
    assert.deepEqual(bench.kills, [[1, 'timeout']]);
    bench.die(1, { signal: 'SIGTERM' });
    assert.deepEqual(bench.failures.map(({ index, error }) => [index, error.type]), [[0, 'Timeout']]);
    bench.ready(1);
    assert.deepEqual(bench.worker(1).sent, ['1', '2']);
  });

  it('goes on with a worker whose late task had a process of its own', () => {
    const bench = new Bench({ workers: 1, timeout: { seconds: 1 }, ownProcesses: true });
    bench.offer(2);
    bench.ready(1);
    bench.now = 1500;
    bench.scheduler.tick(bench.now, () => ({ sequence: 0, start: 0 }));
    bench.answer(1, { failed: true });
    assert.equal(bench.failures[0]?.error.type, 'Timeout');
    assert.deepEqual(bench.spared, [1]);
    assert.deepEqual(bench.worker(1).sent, ['1']);
  });

  it('a share of the median is a limit once three tasks have ended', () => {
    const bench = new Bench({ workers: 1, batch: 1, timeout: { percent: 300 } });
    bench.offer(5);
    bench.ready(1);
    bench.now = 60_000;
    bench.scheduler.tick(bench.now, () => ({ sequence: 0, start: 0 }));
    assert.deepEqual(bench.kills, []);
    for (let i = 0; i < 3; i++) bench.answer(1, { us: 2_000_000 });
    bench.scheduler.tick(bench.now + 5900, () => ({ sequence: 3, start: 60_000_000 }));
    assert.deepEqual(bench.kills, []);
    bench.scheduler.tick(bench.now + 6100, () => ({ sequence: 3, start: 60_000_000 }));
    assert.deepEqual(bench.kills, [[1, 'timeout']]);
  });

  it('halts: soon lets what runs end, now does not', () => {
    for (const when of ['soon', 'now']) {
      const halt = parseHalt(`${when},fail=1`);
      assert.ok(halt);
      const bench = new Bench({ batch: 1, halt });
      bench.offer(10);
      bench.ready(1);
      bench.ready(2);
      bench.answer(1, { failed: true });
      assert.equal(bench.worker(1).sent.length, 0, 'nothing more is started');
      assert.equal(bench.ended, undefined);
      assert.deepEqual(bench.kills, when === 'now' ? [[1, 'stop'], [2, 'stop']] : []);
      if (when === 'now') bench.die(2, { signal: 'SIGTERM' });
      else bench.answer(2);
      assert.deepEqual(bench.ended, { state: 'halted', reason: '1 task failed' });
      assert.equal(bench.failures.length, 1, 'what we ended has not failed');
    }
  });

  it('replaces a worker after its share of tasks', () => {
    const bench = new Bench({ workers: 1, batch: 'auto', maxTasksPerWorker: 2 });
    bench.offer(3);
    bench.ready(1);
    bench.answer(1);
    bench.answer(1);
    assert.deepEqual(bench.closed, [1]);
    bench.die(1, { busy: false, signal: null });
    bench.ready(1);
    bench.answer(1);
    assert.deepEqual(bench.done, [0, 1, 2]);
  });

  it('gives up when workers end again and again without having done anything', () => {
    const bench = new Bench({ workers: 1 });
    bench.offer(3);
    for (let i = 0; i < 20 && !bench.ended; i++) bench.die(1, { busy: false, signal: null });
    assert.equal(bench.ended?.state, 'refused');
    assert.match(bench.ended?.reason ?? '', /exit code 3/);
  });

  it('pauses and resumes', () => {
    const bench = new Bench({ workers: 1, batch: 1 });
    bench.offer(2);
    bench.ready(1);
    bench.scheduler.pause();
    bench.answer(1);
    assert.equal(bench.worker(1).sent.length, 0);
    bench.scheduler.resume(0);
    bench.answer(1);
    assert.equal(bench.ended?.state, 'done');
  });

  it('waits for memory, and ends the youngest task when it gets scarce', () => {
    const bench = new Bench({ batch: 1 });
    bench.offer(4);
    bench.ready(1);
    bench.ready(2);
    bench.mayStart = false;
    bench.scheduler.evict((worker) => ({ sequence: 0, start: worker * 1000 }));
    assert.deepEqual(bench.kills, [[2, 'evicted']]);
    bench.die(2, { signal: 'SIGTERM' });
    assert.deepEqual(bench.failures, []);
    bench.answer(1, { us: 50_000 });
    assert.equal(bench.worker(1).sent.length, 0);
    bench.mayStart = true;
    bench.scheduler.tick(0, () => undefined);
    assert.deepEqual(bench.worker(1).sent, ['1'], 'what was ended comes first again');
  });

  it('replaces a worker whose answers can\'t be understood, and blames a task when it was the only one', () => {
    for (const line of ['garbage', '>7 0 1', '>0 0 9', '0 5 0 -', '2 5 0 - null']) {
      const bench = new Bench({ workers: 1, batch: 3 });
      bench.offer(3);
      bench.ready(1);
      bench.answer(1);
      bench.scheduler.answers(1, [line], bench.now);
      assert.deepEqual(bench.kills, [[1, 'garbled']], line);
      bench.scheduler.answers(1, ['>1 0 2', '0 5 0 - null'], bench.now);
      bench.die(1, { signal: 'SIGTERM' });
      assert.equal(bench.failures.length, 0, 'it may be of either');
      bench.ready(1);
      assert.deepEqual(bench.worker(1).sent, ['1'], 'each goes alone');
      bench.scheduler.answers(1, [line], bench.now);
      bench.die(1, { signal: 'SIGTERM' });
      assert.deepEqual(bench.failures.map(({ index, error }) => [index, error.type]), [[1, 'AnswerGarbled']], line);
      bench.ready(1);
      bench.answer(1);
      assert.deepEqual(bench.done, [0, 2]);
      assert.equal(bench.ended?.state, 'done');
    }
  });

  it('tells when each task began', () => {
    const bench = new Bench({ workers: 1, batch: 3 });
    bench.offer(3);
    bench.ready(1);
    bench.scheduler.answers(1, ['>0 100 3', '0 5 0 - 1', '0 7 0 - 1', '0 1 0 - 1'], bench.now);
    assert.deepEqual(bench.begins, [100, 105, 112]);
  });

  it('ends every task exactly once, whatever happens to the workers', () => {
    fc.assert(fc.property(
      fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 2 }),
      fc.array(fc.tuple(fc.nat(3), fc.constantFrom('answer', 'fail', 'die', 'dieIdle', 'slow', 'hold', 'collect')), { maxLength: 80 }),
      (count, workers, times, steps) => {
        const bench = new Bench({ workers, retries: { times, wait: 0, factor: 1 } });
        bench.offer(count);
        const alive = (): number[] => [...bench.workers.keys()];
        const act = (number: number, step: string): void => {
          const seat = bench.scheduler.seats[number - 1];
          if (seat?.state === 'starting') bench.ready(number);
          const busy = (bench.workers.get(number)?.sent.length ?? 0) > 0;
          if (step === 'die' && busy) bench.die(number);
          else if (step === 'dieIdle' && !busy) bench.die(number, { busy: false });
          else if (step === 'collect') bench.scheduler.collect(number, bench.slot(number), bench.now);
          // The last of a batch is sent: there is one more at least.
          else if (step === 'hold' && (bench.workers.get(number)?.sent.length ?? 0) > 1) bench.hold(number);
          else if (busy) bench.answer(number, { failed: step === 'fail', us: step === 'slow' ? 50_000 : 10 });
          bench.scheduler.tick(bench.now++, () => undefined);
        };
        for (const [which, step] of steps) {
          const living = alive();
          const number = living[which % living.length];
          if (number !== undefined && !bench.ended) act(number, step);
        }
        for (let i = 0; i < 10_000 && !bench.ended; i++) for (const number of alive()) if (!bench.ended) act(number, 'answer');
        assert.equal(bench.ended?.state, 'done');
        const final = [...bench.done, ...bench.failures.filter(({ again }) => !again).map(({ index }) => index)];
        assert.deepEqual(final.sort((a, b) => a - b), Array.from({ length: count }, (_, i) => i));
      },
    ), { numRuns: 300 });
  });
});
