import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Event } from '../../src/core/events';
import { parseEvent } from '../../src/core/parse';
import { reportOf } from '../../src/core/report';
import { limits } from '../../src/core/bounds';
import { emptyState, reduce } from '../../src/core/state';
import { treeOf } from '../../src/core/tree';
import { runRow, type Row } from '../../src/views/tree/rows';
import { event } from './world';

const none = { garbled: 0, unknown: 0 };
const report = (events: readonly Event[]) => reportOf(events.reduce(reduce, emptyState()), none);
const comparable = (events: readonly Event[]): string => JSON.stringify(report(events));

test('the state does not depend on the order in which lines are read, nor on lines read twice', () => {
  fc.assert(fc.property(
    fc.array(event, { maxLength: 40 }).chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length }), fc.subarray(events))),
    ([events, shuffled, again]) => {
      assert.equal(comparable([...shuffled, ...again]), comparable(events));
    },
  ), { numRuns: 1_000 });
});

test('every member stands in the tree exactly once, whatever the facts say of parents', () => {
  fc.assert(fc.property(fc.array(event, { maxLength: 60 }), (events) => {
    const { members } = report(events);
    const tree = treeOf(members);
    const seen: string[] = tree.helpers.map(({ id }) => id);
    const visit = (nodes: typeof tree.roots): void => nodes.forEach((node) => {
      seen.push(node.member.id, ...node.helpers.map(({ id }) => id));
      visit(node.children);
    });
    visit(tree.roots);
    assert.deepEqual(seen.sort(), members.map(({ id }) => id).sort());
  }), { numRuns: 500 });
});

const at = (events: Event[]) => report([{ e: 'run', id: '1.1', t: 1, run: 'r', command: ['x'], cwd: '/', host: 'h', platform: 'linux', bootTime: 0, tickMs: 10 }, ...events]);

test('numbers alone make no member: their table may be that of an observer that is gone', () => {
  const sample: Event = { e: 'sample', id: '1.1', t: 1000, child: '5.1', ppid: 1, state: 'S', cpu: 0, rss: 1 };
  const seen: Event = { e: 'seen', id: '1.1', t: 1000, child: '5.1', ppid: 1, argv: ['sh'] };
  assert.deepEqual(report([sample]).members, []);
  for (const told of [[sample, seen], [seen, sample]]) assert.deepEqual(report(told).members.map(({ id, rss }) => [id, rss]), [['5.1', 1]]);
});

test('a parent is believed before the launcher, the kernel and the process itself; unknown comes with a reason', () => {
  const start: Event = { e: 'start', id: '7.100', t: 1001, ppid: 2, runtime: 'node', argv: ['node', 'a.js'] };
  const self: Event = { e: 'exit', id: '7.100', t: 1100, code: 0, signal: null };
  const zombie: Event = { e: 'zombie', id: '1.1', t: 1200, child: '7.100', code: null, signal: 'SIGSEGV' };
  const gone: Event = { e: 'gone', id: '1.1', t: 1300, child: '7.100' };
  const reap: Event = { e: 'reap', id: '2.1', t: 1250, child: '7.100', code: 5, signal: null };
  const exit = (...events: Event[]) => at([start, ...events]).members[0]?.exit;
  assert.equal(exit(self), null, 'last words alone are no end: it may still run its exit handlers');
  assert.deepEqual(exit(self, gone), { code: 0, signal: null, source: 'self' });
  assert.deepEqual(exit(self, zombie), { code: null, signal: 'SIGSEGV', source: 'kernel' });
  assert.deepEqual(exit(self, zombie, reap), { code: 5, signal: null, source: 'parent' });
  const unknown = exit(gone);
  assert.deepEqual([unknown?.source, typeof unknown?.reason], ['unknown', 'string']);
});

test('what runs on another host is no other\'s child by its pid, and ends by its own words or with the run', () => {
  const start = (id: string, ppid: number, host?: string): Event => ({ e: 'start', id, t: 2_000, ppid, parent: '5.100', runtime: 'python', argv: ['rank.py'], ...(host === undefined ? {} : { host }) });
  const events: Event[] = [
    { e: 'root', id: '1.1', t: 1_000, child: '5.100' }, { e: 'start', id: '5.100', t: 1_000, ppid: 1, runtime: 'other', argv: ['mpirun'] },
    start('7.150', 5, 'h'), { e: 'self', id: '7.150', t: 2_000, rank: 0 },
    // The launcher's daemon on the other host has the pid of rank 0 here.
    start('9.160', 7, 'far'), { e: 'self', id: '9.160', t: 2_000, rank: 1 }, start('10.170', 7, 'far'), { e: 'self', id: '10.170', t: 2_000, rank: 2 },
    { e: 'exit', id: '9.160', t: 3_000, code: 0, signal: null },
  ];
  const told = (more: Event[] = []) => at([...events, ...more]).members.filter(({ rank }) => rank !== null).map(({ rank, host, parent, startedAt, endedAt, exit }) => [rank, host, parent, startedAt, endedAt, exit?.source]);
  assert.deepEqual(told().sort(), [[0, 'h', '5.100', 1_500, null, undefined], [1, 'far', '5.100', 2_000, 3_000, 'self'], [2, 'far', '5.100', 2_000, null, undefined]]);
  assert.deepEqual(told([{ e: 'end', id: '1.1', t: 4_000 }]).find(([rank]) => rank === 2), [2, 'far', '5.100', 2_000, 4_000, 'unknown']);
  const row = runRow(at(events), undefined);
  const texts = (rows: readonly Row[]): string[] => rows.flatMap(({ label, children }) => [label, ...texts(children).map((text) => `  ${text}`)]);
  assert.deepEqual(texts(row.children), ['mpirun', '  h', '    rank 0', '  far', '    rank 1', '    rank 2']);
});

test('a million fuzzed lines: no exception, bounded memory, and what is dropped is counted', () => {
  const seed = fc.sample(fc.oneof(fc.json(), event.map((one) => JSON.stringify(one)), fc.string(), event.map((one) => JSON.stringify(one).slice(0, 40)),
    event.map((one) => JSON.stringify({ ...one, t: 'late', argv: 7, child: {} })), event.map((one) => JSON.stringify({ ...one, e: 'future' }))), { numRuns: 5_000, seed: 7 });
  const state = emptyState();
  const counts = { garbled: 0, unknown: 0, used: 0 };
  for (let i = 0; i < 1_000_000; i++) {
    // Each round the pids are others: without bounds a million processes would be remembered.
    const line = (seed[i % seed.length] ?? '').replace(/"(id|child|to)":"(\d)/, (_match, key: string, digit: string) => `"${key}":"${digit}${Math.floor(i / seed.length)}`);
    const parsed = parseEvent(i % 97 === 0 ? line + 'x'.repeat(1000) : line);
    if (parsed === 'garbled' || parsed === 'unknown') counts[parsed]++;
    else {
      counts.used++;
      reduce(state, parsed);
    }
  }
  assert.equal(counts.garbled + counts.unknown + counts.used, 1_000_000);
  assert.ok(counts.garbled > 100_000 && counts.unknown > 50_000 && counts.used > 100_000, JSON.stringify(counts));
  assert.ok(state.members.size <= limits.members && state.loose.size <= limits.loosePids);
  assert.ok(reportOf(state, counts).members.length > 0);
});
