import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stuckIn } from '../../src/core/findings/doing';
import { rules } from '../../src/core/findings/rules';
import { sceneOf } from '../../src/core/findings/scene';
import { renderFinding } from '../../src/core/findings/text';
import { breakageOf } from '../../src/core/insight/breakage';
import type { ObjectFact } from '../../src/core/insight/facts';
import { membersOf } from '../../src/core/members';
import { emptyState, reduce } from '../../src/core/state';
import { at, library, lookedAt, own, pipe, World, type Told } from './insight/world';

/** Each rule with a run that it is about, and a near miss that it must leave alone. */

const mutex = (n: number, handle: number, count: number): ObjectFact => ({ n, type: 'Lock', handle, count, max: 1, made: at(3) });
const acquire = (n: number): ReturnType<typeof library> => library('multiprocessing/synchronize.py', 'SemLock.__enter__', n);
const first = '/dev/shm/sem.a';
const second = '/dev/shm/sem.b';

/** A process that holds one of two locks and wants the other one. */
const between = (holds: 0 | 1, thread: Partial<NonNullable<Told['threads']>[number]> = {}): Told => ({
  shared: [first, second],
  objects: [mutex(0, 0x1000, holds === 0 ? 1 : 0), mutex(1, 0x2000, holds === 1 ? 1 : 0)],
  threads: [{ key: `${holds === 0 ? second : first}+0`, frames: [acquire(1 - holds), own(20 + holds)], ...thread }],
});

/** A parent that waits for its children to end. */
const joins = (pid: number): Told => ({ threads: [{ on: 'child', pid, frames: [library('multiprocessing/process.py', 'BaseProcess.join', 0), own(40)] }], objects: [{ n: 0, type: 'Process', pid, name: `child-${pid}` }] });

const twoLocks = (left: Told, right: Told): World => new World().member(100).member(101, { parent: 100 }).member(102, { parent: 100 })
  .look(100, joins(101)).look(101, left).look(102, right);

describe('hangs', () => {
  test('two that wait for each other\'s lock are proved to be in a deadlock, with the lines where they wait', () => {
    const [finding, ...others] = twoLocks(between(0), between(1)).findings();
    assert.deepEqual([finding?.rule, finding?.certainty, others.length], ['deadlock', 'proved', 0]);
    const lines = finding?.sites.filter(({ role }) => role === 'waits').map(({ line }) => line) ?? [];
    assert.ok(lines.includes(20) && lines.includes(21), String(lines));
    assert.match(finding?.title ?? '', /child-101 \(101\).*child-102 \(102\)/);
  });

  test('nobody is blamed where one of them waits with a time limit, runs, was not asked, or has gone on since', () => {
    assert.deepEqual(twoLocks(between(0), between(1, { on: 'time' })).rules(), []);
    assert.deepEqual(twoLocks(between(0), between(1, { on: 'cpu' })).rules(), []);
    assert.deepEqual(twoLocks(between(0), between(1)).says(102, { e: 'spawn', t: lookedAt + 500, child: '103', method: 'os.fork' }).rules(lookedAt + 600), []);
  });

  test('a lock of the dead', () => {
    const free = [mutex(0, 0x1000, 0)];
    const wants: Told = { shared: [first], objects: free, threads: [{ key: `${first}+0`, frames: [acquire(0), own(20)] }] };
    const world = (): World => new World().member(100).member(101, { parent: 100 }).member(102, { parent: 100 }).ends(101, { signal: 'SIGKILL' });
    assert.deepEqual(world().look(100, { ...joins(102), shared: [first] }).look(102, wants).rules(), ['dead-holder proved']);
    // Somebody who is not of the run has the memory, too: a miss, but no false alarm.
    const open = new World().member(100).member(101, { parent: 100 }).look(100, { ...joins(101), shared: [first] }).look(101, { ...wants, threads: [{ ...wants.threads?.[0], on: 'time' }] });
    assert.deepEqual(open.rules(), []);
  });

  test('an end of file that can\'t come, since the only writer is the reader itself', () => {
    const reads: Told = { files: [pipe(3, 7, 'r'), pipe(4, 7, 'w')], threads: [{ on: 'files', files: [{ fd: 3, want: 'read' }], frames: [own(9)] }] };
    assert.deepEqual(new World().member(100).look(100, reads).rules(), ['never-closed proved']);
    const writer: Told = { files: [pipe(4, 7, 'w')], threads: [{ on: 'cpu' }] };
    assert.deepEqual(new World().member(100).member(101, { parent: 100 }).look(100, reads).look(101, writer).rules(), []);
    const another: Told = { ...reads, threads: [...reads.threads ?? [], { on: 'cpu' }] };
    assert.deepEqual(new World().member(100).look(100, another).rules(), [], 'another thread of it may write');
  });

  test('two that both read what only the other could write', () => {
    const reads = (from: number, to: number): Told => ({ files: [pipe(3, from, 'r'), pipe(4, to, 'w')], threads: [{ on: 'files', files: [{ fd: 3, want: 'read' }], frames: [own(9)] }] });
    assert.deepEqual(new World().member(100).member(101, { parent: 100 }).look(100, reads(7, 8)).look(101, reads(8, 7)).rules(), ['never-closed proved']);
    assert.deepEqual(new World().member(100).member(101, { parent: 100 }).look(100, reads(7, 8)).look(101, { ...reads(8, 7), catches: ['SIGUSR1'] }).rules(), [], 'a signal may wake it');
  });

  test('the row of a member says what it waits for, as long as it can\'t go on', () => {
    const texts = (world: World): string[] => {
      const state = world.events.reduce(reduce, emptyState());
      return [...stuckIn(sceneOf(state, membersOf(state), lookedAt + 1)).values()];
    };
    assert.deepEqual(texts(twoLocks(between(0), between(1))), ['waits for the end of child-101, main.py:40', 'waits for the Lock made at main.py:3, main.py:20', 'waits for the Lock made at main.py:3, main.py:21']);
    assert.deepEqual(texts(twoLocks(between(0), between(1, { on: 'time' }))), []);
  });
});

describe('failures', () => {
  const family = (): World => new World().member(100).member(101, { parent: 100 });

  test('what can\'t be pickled, what can\'t be imported, daemons with children', () => {
    for (const [type, message, rule] of [
      ['AttributeError', 'Can\'t pickle local object \'main.<locals>.work\'', 'cannot-pickle'],
      ['_pickle.PicklingError', 'Can\'t pickle <function work>: attribute lookup work on __main__ failed', 'cannot-pickle'],
      ['AttributeError', 'Can\'t get attribute \'work\' on <module \'__main__\' from \'main.py\'>', 'cannot-import'],
      ['AssertionError', 'daemonic processes are not allowed to have children', 'daemonic-children'],
    ] as const) {
      const [finding] = family().fails(101, type, message).ends(101, { code: 1 }).ends(100, { code: 0 }).findings();
      assert.deepEqual([finding?.rule, finding?.certainty], [rule, 'proved'], message);
      assert.ok(finding?.sites.some(({ line }) => line === 7), JSON.stringify(finding));
    }
  });

  test('a crash in native code is one, unless somebody sent the signal', () => {
    assert.deepEqual(family().ends(101, { signal: 'SIGSEGV' }).ends(100, { code: 0 }).rules(), ['native-crash proved']);
    assert.deepEqual(family().says(100, { e: 'signal', to: '101', signal: 'SIGABRT', t: 1_029_000 }).ends(101, { signal: 'SIGABRT' }).ends(100, { code: 0 }).rules(), []);
  });

  test('members that outlive the program, but not those that are about to end', () => {
    const ended = family().ends(100, { code: 0 }, lookedAt);
    ended.events.pop();
    assert.deepEqual(ended.rules(lookedAt + 200), []);
    assert.deepEqual(ended.rules(lookedAt + 5_000), ['leftover proved']);
  });

  test('an error of a child is one that nobody handles only when its parent has ended: it may look at the exit code yet', () => {
    const failed = (): World => family().fails(101, 'ValueError', 'no').ends(101, { code: 1 });
    assert.deepEqual(failed().rules(lookedAt + 60_000), []);
    assert.deepEqual(failed().ends(100, { code: 0 }).rules(), ['unhandled-error proved']);
    assert.deepEqual(failed().says(100, { e: 'read', child: '101', t: lookedAt }).ends(100, { code: 0 }, lookedAt + 1).rules(), []);
  });

  test('a run in which all goes well has none', () => {
    assert.deepEqual(family().ends(101).ends(100, { code: 0 }).rules(), []);
  });
});

test('every rule has a name of its own, a kind and a short form', () => {
  assert.equal(new Set(rules.map(({ name }) => name)).size, rules.length);
  assert.equal(rules.length, 37);
  for (const { summary } of rules) assert.ok(summary(2).length > 0);
});

test('a finding as text has its sentence, its facts, its lines and what to change', () => {
  const [finding] = twoLocks(between(0), between(1)).findings();
  assert.ok(finding);
  const text = renderFinding(finding, lookedAt + 12_000);
  assert.match(text, /^Proved \(deadlock, [\d.]+ s\): /);
  for (const part of [...finding.evidence, finding.advice, 'waits main.py:20']) assert.ok(text.includes(part), part);
});

describe('what the end of a process would break', () => {
  const [, worker] = membersOf(new World().member(100).member(101, { parent: 100, spawn: { role: 'worker', name: 'ForkPoolWorker-1' } }).events.reduce(reduce, emptyState()));
  assert.ok(worker);
  const inPool = library('multiprocessing/pool.py', 'worker');

  test('the task of a pool\'s worker, and the locks that it holds', () => {
    const answer = { threads: [{ tid: 101, name: 'MainThread', frames: [own(5), inPool], task: { function: 'resize', arguments: '17', since: lookedAt - 3_000 } }], objects: [{ ...mutex(0, 0x1000, 1), mine: true }] };
    assert.deepEqual(breakageOf(worker, answer, undefined, lookedAt), [
      'It runs resize(17), since 3.0 s. Its Pool makes a new worker, but whoever waits for this result waits for ever.',
      'It holds the Lock made at main.py:3: whoever wants it will wait for ever.',
    ]);
  });

  test('nothing of one that holds nothing and runs no task', () => {
    assert.deepEqual(breakageOf(worker, { threads: [{ tid: 101, name: 'MainThread', frames: [inPool] }], objects: [mutex(0, 0x1000, 0)] }, undefined, lookedAt), []);
    assert.deepEqual(breakageOf(worker, undefined, undefined, lookedAt), []);
  });
});
