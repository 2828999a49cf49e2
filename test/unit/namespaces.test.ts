import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Event } from '../../src/core/events';
import { KeptMembers, membersOf, type Member } from '../../src/core/members';
import { parseEvent } from '../../src/core/parse';
import { reportOf } from '../../src/core/report';
import { emptyState, reduce } from '../../src/core/state';

/** What probes in other pid namespaces tell, and what the sampler tells of the same processes from outside. */

const run: Event = { e: 'run', id: '1.1', t: 1, run: 'r', command: ['x'], cwd: '/', host: 'h', platform: 'linux', bootTime: 0, tickMs: 10 };
const report = (events: readonly Event[]) => reportOf(events.reduce(reduce, emptyState()), { garbled: 0, unknown: 0 });
const members = (...events: Event[]): Member[] => report([run, { e: 'root', id: '1.1', t: 1000, child: '100.100' }, ...events]).members;
const shown = (all: readonly Member[]): unknown[] => all.map(({ id, pid, inner, name, parent, exit }) => [id, pid, inner?.pid ?? null, name, parent, exit?.code ?? null]);

const seen = (child: string, ppid: number, name: string, alias?: string): Event =>
  ({ e: 'seen', id: '1.1', t: 1005, child, ppid, argv: [name], ...(alias === undefined ? {} : { innerPid: parseInt(alias, 10), aliases: [alias] }) });
const root = seen('100.100', 1, 'unshare');
const init = seen('101.101', 100, 'python', '1@9.101');
const started = (id: string, ppid: number, name: string): Event => ({ e: 'start', id, t: 1010, ppid, parent: '1.1', runtime: 'python', argv: [name] });
const spawned = (child: string, name: string): Event => ({ e: 'spawn', id: '1@9.101', t: 1011, child, method: 'fork', name });

test('a process is one member under its outer pid, whether it is told of from inside or from outside first', () => {
  const events = [root, init, started('1@9.101', 0, 'python'), spawned('5@9.105', 'worker'), started('5@9.105', 1, 'python'), seen('105.105', 101, 'python', '5@9.105')];
  const expected = [['100.100', 100, null, 'unshare', null, null], ['101.101', 101, 1, 'python', '100.100', null], ['105.105', 105, 5, 'worker', '101.101', null]];
  for (const told of [events, events.toReversed()]) assert.deepEqual(shown(members(...told)), expected);
  const [, , worker] = members(...events);
  assert.deepEqual([worker?.inner, worker?.osParent, worker?.confirmed], [{ pid: 5, id: '5@9.105' }, 101, true]);
});

test('an inner pid is never taken for the outer process of that number, with a start or without', () => {
  const stranger: Event = { e: 'seen', id: '1.1', t: 1005, child: '5.99', ppid: 100, argv: ['stranger'] };
  for (const child of ['5@9.99', '5@9']) {
    const told = members(root, init, started('1@9.101', 0, 'python'), stranger, spawned(child, 'worker'), { e: 'reap', id: '1@9.101', t: 1020, child, code: 3, signal: null }, { e: 'signal', id: '1@9.101', t: 1015, to: '5@9', signal: 'SIGTERM' });
    assert.deepEqual(shown(told).sort(), [
      ['100.100', 100, null, 'unshare', null, null], ['101.101', 101, 1, 'python', '100.100', null], ['5.99', 5, null, 'stranger', '100.100', null], [child, 5, 5, 'worker', '101.101', 3],
    ].sort());
  }
});

test('facts about a bare inner pid go to the process that had it inside, at that time', () => {
  const told = members(root, init, started('1@9.101', 0, 'python'),
    seen('105.105', 101, 'python', '5@9.105'), spawned('5@9', 'first'), { e: 'reap', id: '1@9.101', t: 1100, child: '5@9', code: 3, signal: null },
    seen('120.120', 101, 'python', '5@9.120'), { e: 'spawn', id: '1@9.101', t: 1201, child: '5@9', method: 'fork', name: 'second' }, { e: 'reap', id: '1@9.101', t: 1300, child: '5@9', code: 4, signal: null });
  assert.deepEqual(shown(told).slice(2), [['105.105', 105, 5, 'first', '101.101', 3], ['120.120', 120, 5, 'second', '101.101', 4]]);
});

test('what was never seen from outside ends by its own words or with the run, and says why more is not known', () => {
  const short = [root, init, started('1@9.101', 0, 'python'), started('7@9.107', 1, 'python'), started('8@9.108', 1, 'python'), { e: 'exit', id: '7@9.107', t: 1090, code: 2, signal: null } satisfies Event];
  const all = members(...short, { e: 'end', id: '1.1', t: 1200 });
  assert.deepEqual(all.slice(2).map(({ pid, inner, confirmed, endedAt, exit }) => [pid, inner?.pid, confirmed, endedAt, exit?.code, exit?.source]), [[7, 7, false, 1090, 2, 'self'], [8, 8, false, 1200, null, 'unknown']]);
  assert.match(all[3]?.exit?.reason ?? '', /another pid namespace/);
});

test('a namespace within a namespace: each of them knows the process by its own name', () => {
  const deep: Event = { e: 'seen', id: '1.1', t: 1005, child: '107.107', ppid: 101, argv: ['deep'], innerPid: 1, aliases: ['7@9.107', '1@10.107'] };
  const all = members(root, init, started('1@9.101', 0, 'python'), spawned('7@9.107', 'box'), started('1@10.107', 0, 'python'), deep);
  assert.deepEqual(shown(all).slice(2), [['107.107', 107, 1, 'box', '101.101', null]]);
});

test('only what is a reference is read as one', () => {
  const line = (aliases: unknown): string => JSON.stringify({ e: 'seen', id: '1.1', t: 1, child: '5.1', ppid: 1, aliases });
  assert.deepEqual(parseEvent(line(['5@9.1'])), JSON.parse(line(['5@9.1'])));
  for (const bad of ['5@9.1', [5], ['x'], ['5@@9.1'], ['5@9.1;'], Array(33).fill('5@9.1')]) assert.equal(parseEvent(line(bad)), 'garbled', JSON.stringify(bad));
});

test('what was derived before an inner name was known is derived anew', () => {
  const state = emptyState();
  const kept = new KeptMembers();
  for (const one of [run, root, spawned('5@9.105', 'worker'), init, seen('105.105', 101, 'python', '5@9.105')]) {
    reduce(state, one);
    assert.deepEqual(membersOf(state, kept), membersOf(state));
  }
});

/** A small world of processes that have two names each, told of by either. */
const outer = fc.tuple(fc.integer({ min: 2, max: 4 }), fc.integer({ min: 1, max: 3 })).map(([p, s]) => ({ outer: `${p}.${s}`, inner: `${p - 1}@9.${s}`, bare: `${p - 1}@9` }));
const exact = outer.chain((names) => fc.constantFrom(names.outer, names.inner));
const any = outer.chain((names) => fc.constantFrom(names.outer, names.inner, names.bare));
const t = fc.integer({ min: 1000, max: 1100 });
const word = fc.constantFrom('a', 'b');
const ppid = fc.integer({ min: 0, max: 5 });
const event: fc.Arbitrary<Event> = fc.oneof<fc.Arbitrary<Event>[]>(
  fc.tuple(outer, t, ppid, word).map(([names, at, parent, name]): Event => ({ e: 'seen', id: '1.1', t: at, child: names.outer, ppid: parent, argv: [name], innerPid: parseInt(names.inner, 10), aliases: [names.inner] })),
  fc.record({ e: fc.constant('start' as const), id: exact, t, ppid, parent: exact, runtime: fc.constant('python' as const), argv: fc.tuple(word) }),
  fc.record({ e: fc.constant('spawn' as const), id: exact, t, child: any, method: fc.constantFrom('fork', 'os.fork'), name: word, daemon: fc.boolean() }),
  fc.record({ e: fc.constant('self' as const), id: exact, t, name: word, daemon: fc.boolean(), rank: fc.integer({ min: 0, max: 1 }) }),
  fc.record({ e: fc.constant('exit' as const), id: exact, t, code: fc.integer({ min: 0, max: 2 }), signal: fc.constant(null) }),
  fc.record({ e: fc.constant('reap' as const), id: exact, t, child: any, code: fc.constant(null), signal: fc.constant('SIGTERM') }),
  fc.record({ e: fc.constant('signal' as const), id: exact, t, to: any, signal: fc.constant('SIGTERM') }),
  fc.tuple(outer, t, fc.integer({ min: 1, max: 2 }), fc.constantFrom('running' as const, 'exited' as const)).map(([{ inner }, at, thread, state]): Event => ({ e: 'thread', id: inner, t: at, thread, state })),
  fc.tuple(outer, t).map(([names, at]): Event => ({ e: 'gone', id: '1.1', t: at, child: names.outer, cpu: 3 })),
  fc.tuple(outer, t).map(([names, at]): Event => ({ e: 'sample', id: '1.1', t: at, child: names.outer, ppid: 1, state: 'S', cpu: 1, rss: 5 })),
);

test('the state does not depend on when an inner name becomes known', () => {
  fc.assert(fc.property(
    fc.array(event, { maxLength: 30 }).chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length }))),
    ([events, shuffled]) => {
      const expected = JSON.stringify(membersOf(events.reduce(reduce, emptyState())));
      assert.equal(JSON.stringify(membersOf(shuffled.reduce(reduce, emptyState()))), expected);
    },
  ), { numRuns: 2_000 });
});
