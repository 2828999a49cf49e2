import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Event } from '../../src/core/events';
import type { Member } from '../../src/core/members';
import { later, membersTold, memberTold, reap, root, seen, spawn, start } from './told';

const child = '7.150';
const member = (...events: Event[]): Member => memberTold(child, ...events);
const rootEnds = (t: number): Event => ({ e: 'rootExit', id: '1.1', t, child: root, code: 0, signal: null });
const sample = (state: string): Event => ({ e: 'sample', id: '1.1', t: 3_000, child, ppid: 2, state, cpu: 1, rss: 1 });

describe('states', () => {
  test('a member starts, runs, is stopped, and has ended', () => {
    const states = [[spawn(child)], [spawn(child, { method: 'os.fork' })], [start(child)], [start(child), sample('T')], [start(child), sample('T'), reap(child, 0)]];
    assert.deepEqual(states.map((events) => member(...events).state), ['starting', 'running', 'running', 'stopped', 'exited']);
  });
});

describe('marks', () => {
  const marks = (...events: Event[]): string[] => member(...events).marks;

  test('what no probe enters is seen from outside only, once a probe would have spoken', () => {
    assert.deepEqual(marks(seen(child), later(3_000)), []);
    assert.deepEqual(marks(seen(child), later(4_000)), ['outside']);
    assert.deepEqual(marks(seen(child), reap(child, 0, 2_100)), ['outside']);
    assert.deepEqual(marks(start(child), seen(child), later(9_000)), []);
  });

  test('an orphan lives, and its parent has ended or somebody else has adopted it', () => {
    assert.deepEqual(marks(start(child), spawn(child)), []);
    assert.deepEqual(marks(start(child), spawn(child), rootEnds(3_000)), ['orphan']);
    assert.deepEqual(marks(start(child), spawn(child), seen(child, { ppid: 1 })), ['orphan']);
    assert.deepEqual(marks(start(child), spawn(child), rootEnds(3_000), reap(child, 0)), [], 'an ended one is none');
  });

  test('a helper is given a while to end after its parent', () => {
    const tracker = [seen(child, { argv: ['python3', '-c', 'from multiprocessing.resource_tracker import main;main(5)'] }), rootEnds(3_000)];
    assert.deepEqual(marks(...tracker, later(7_000)), ['outside']);
    assert.deepEqual(marks(...tracker, later(9_000)), ['orphan', 'outside']);
  });

  test('a zombie waits for its living parent, or for init', () => {
    const zombie: Event = { e: 'zombie', id: '1.1', t: 5_000, child, code: 0, signal: null };
    assert.deepEqual(marks(start(child), seen(child), zombie), ['zombie']);
    assert.deepEqual(marks(start(child), seen(child), zombie, rootEnds(6_000)), ['unreaped']);
    assert.deepEqual(marks(start(child), seen(child, { ppid: 1 }), zombie), ['unreaped']);
    assert.deepEqual(marks(start(child), seen(child), zombie, reap(child, 0)), []);
    const server = '8.140';
    const forked = [start(server), start(child, { ppid: 8 }), spawn(child, { method: 'forkserver' }), seen(child, { ppid: 8 }), zombie, rootEnds(6_000)];
    assert.deepEqual(marks(...forked), ['zombie'], 'a fork server waits for it, whoever asked');
  });
});

describe('parents', () => {
  const parent = (...events: Event[]): string | null => member(...events).parent;

  test('who asked for a process is its parent, else whose child it is, else the nearest ancestor with a probe', () => {
    const other = '8.140';
    assert.equal(parent(start(other), start(child, { ppid: 8 })), other);
    assert.equal(parent(start(other), start(child, { ppid: 8, parent: root, method: 'fork' })), root, 'a forked one knows');
    assert.equal(parent(start(other), start(child, { ppid: 8 }), spawn(child)), root);
    assert.equal(parent(start(child, { ppid: 1, parent: root })), root);
    assert.equal(parent(start(child, { ppid: 99 })), null);
    assert.equal(memberTold(root).parent, null);
  });

  test('the parent in the operating system is the one that was told last', () => {
    assert.equal(member(start(child, { ppid: 2 }), seen(child, { t: 3_000, ppid: 1 })).osParent, 1);
    assert.equal(member(start(child, { ppid: 5, t: 2_000 }), seen(child, { t: 1_900, ppid: 2 })).osParent, 5);
    assert.equal(member(spawn(child)).osParent, null);
  });
});

describe('threads', () => {
  const thread = (number: number, state: 'running' | 'exited', t: number, more: object = {}): Event => ({ e: 'thread', id: child, t, thread: number, state, ...more });

  test('a thread has its creator\'s and its own facts, and ends at the latest with its process', () => {
    const events = [start(child), thread(1, 'running', 2_100, { name: 'counter' }), thread(1, 'running', 2_200, { file: '/a.js' }), thread(2, 'running', 2_100), thread(2, 'exited', 3_000, { code: 1 })];
    const told = (...more: Event[]): unknown[] => member(...events, ...more).threads.map(({ name, file, state, code, endedAt }) => [name, file, state, code, endedAt]);
    assert.deepEqual(told(), [['counter', '/a.js', 'running', null, null], ['worker thread 2', null, 'exited', 1, 3_000]]);
    assert.deepEqual(told(reap(child, 0)), [['counter', '/a.js', 'exited', null, 5_000], ['worker thread 2', null, 'exited', 1, 3_000]]);
  });
});

describe('command lines', () => {
  const argv = (...events: Event[]): string[] => member(...events).argv;

  test('the image that runs now shows its own; between fork and exec what the parent asked for is better', () => {
    const asked = spawn(child, { method: 'subprocess', argv: ['sleep', '9'] });
    assert.deepEqual(argv(asked), ['sleep', '9']);
    assert.deepEqual(argv(asked, seen(child, { argv: ['python', 'main.py'] })), ['sleep', '9'], 'it still shows its parent\'s');
    assert.deepEqual(argv(asked, seen(child, { argv: ['busybox', 'sleep', '9'] })), ['busybox', 'sleep', '9']);
    assert.deepEqual(argv(start(child), { e: 'exec', id: child, t: 2_500, argv: ['sh', 'x'] }), ['sh', 'x']);
    assert.deepEqual(argv(seen(child, { argv: ['nginx: worker', '', '', ''] })), ['nginx: worker'], 'a title is all that is known');
  });
});

test('a pid that was given out again means whoever had it at the time', () => {
  const [first, second] = ['7.150', '7.300'];
  const members = membersTold(start(first), reap('7', 3, 2_500), start(second, { t: 3_100 }), reap('7', 'SIGKILL', 4_000)).filter(({ pid }) => pid === 7);
  assert.deepEqual(members.map(({ exit }) => exit), [{ code: 3, signal: null, source: 'parent' }, { code: -9, signal: 'SIGKILL', source: 'parent' }]);
});
