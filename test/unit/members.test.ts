import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Event } from '../../src/core/events';
import { KeptMembers, membersOf, type Member } from '../../src/core/members';
import { limits } from '../../src/core/bounds';
import { emptyState, reduce } from '../../src/core/state';
import { reap, root, spawn, start } from './told';
import { event } from './world';

/** Events in any order, some twice, some left out, cut into batches after each of which somebody looks. */
const told = fc.array(event, { maxLength: 60 })
  .chain((events) => fc.tuple(fc.shuffledSubarray(events), fc.subarray(events)))
  .chain(([some, again]) => fc.tuple(fc.constant([...some, ...again]), fc.integer({ min: 1, max: 5 })));

/** Looks after each batch with what was kept of the looks before; what comes out must be what a first look would give. */
function lookAgainAndAgain([events, size]: [readonly Event[], number]): void {
  const state = emptyState();
  const kept = new KeptMembers();
  for (let from = 0; from < events.length; from += size) {
    for (const one of events.slice(from, from + size)) reduce(state, one);
    const now = membersOf(state, kept);
    assert.deepEqual(now, membersOf(state), `after ${from + size} events`);
    assert.equal(membersOf(state, kept), now, 'nothing new: the same list');
  }
}

test('what is derived piece by piece is what would be derived at once', () => {
  fc.assert(fc.property(told, lookAgainAndAgain), { numRuns: 3_000 });
});

test('a member that nobody told anything new of is the same object as before', () => {
  const state = emptyState();
  const kept = new KeptMembers();
  const tell = (...events: Event[]): Member[] => membersOf(events.reduce(reduce, state), kept);
  const sample = (cpu: number): Event => ({ e: 'sample', id: '1.1', t: 3_000 + cpu, child: root, ppid: 1, state: 'R', cpu, rss: 1 });
  const before = tell(start(root), start('7.150'), spawn('7.150'), start('8.150'), reap('8.150', 'SIGTERM'), sample(1));
  const after = tell(sample(2), start('9.150', { t: 4_000 }));
  assert.deepEqual(before.filter((member) => !after.includes(member)).map(({ id }) => id), [root], 'only the one with new numbers is another');
});

test('also when old members and loose facts are let go', () => {
  const usual = { ...limits };
  Object.assign(limits, { members: 6, loosePids: 2, looseOfPid: 3 });
  try {
    fc.assert(fc.property(told, lookAgainAndAgain), { numRuns: 1_000 });
  } finally {
    Object.assign(limits, usual);
  }
});
