import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '../../src/core/events';
import { groupAt } from '../../src/core/derive/groups';
import type { EndedBy } from '../../src/core/members';
import { membersTold, memberTold, reap, root, seen, signal, start } from './told';

const child = '7.150';
const site = { file: '/a.py', line: 3 };
const endedBy = (...events: Event[]): EndedBy | null => memberTold(child, start(child), reap(child, 'SIGTERM'), ...events).endedBy;

test('the sender is Procession, a member with its call, somebody outside, or not known', () => {
  assert.deepEqual(endedBy(), { by: 'outside', signal: 'SIGTERM' }, 'a probe is in every member, and none of them sent it');
  assert.deepEqual(endedBy(signal(child, 'SIGTERM', { via: 'Process.terminate', site })), { by: 'member', signal: 'SIGTERM', member: root, via: 'Process.terminate', site });
  assert.deepEqual(endedBy(signal(child, 'SIGTERM', { by: 'procession', via: 'Stop' })), { by: 'procession', signal: 'SIGTERM', via: 'Stop' });
  assert.deepEqual(endedBy(signal(child, 'SIGINT')), { by: 'outside', signal: 'SIGTERM' }, 'another signal did not end it');
  assert.deepEqual(endedBy(signal('7', 'SIGTERM')), { by: 'member', signal: 'SIGTERM', member: root }, 'by its pid alone');
  assert.deepEqual(endedBy(signal(child, 'SIGTERM', { t: 9_000 })), { by: 'outside', signal: 'SIGTERM' }, 'sent when it had ended');
});

test('a member without a probe may have sent anything while it lived', () => {
  const sender = (...events: Event[]): string | undefined => endedBy(...events)?.by;
  assert.equal(sender(seen('8.160')), 'unknown');
  assert.equal(sender(seen('8.160'), reap('8.160', 0, 2_500)), 'outside', 'it had ended long before');
  assert.equal(sender(seen('8.900')), 'outside', 'it started later');
  assert.equal(sender(start('8.160'), { e: 'exec', id: '8.160', t: 2_100, argv: ['sh'] }), 'unknown', 'its probe is gone since it replaced its image');
  const itself = memberTold(child, seen(child), reap(child, 'SIGTERM')).endedBy;
  assert.equal(itself?.by, 'unknown', 'nor is it known whether it was the member itself');
});

test('a fault or a limit comes from the kernel: nobody is named as the sender', () => {
  for (const name of ['SIGSEGV', 'SIGXCPU', 'SIGALRM', 'SIGKILL']) assert.deepEqual(memberTold(child, start(child), reap(child, name)).endedBy, { by: 'unknown', signal: name });
});

test('a signal to a group names its sender to all who were in it', () => {
  const toGroup = signal('-7', 'SIGTERM', { via: 'os.killpg', site });
  const sender = { by: 'member', signal: 'SIGTERM', member: root, via: 'os.killpg', site };
  assert.deepEqual(endedBy(toGroup, seen(child, { pgid: 7 })), sender, 'the sampler saw it there');
  assert.deepEqual(memberTold(child, start(child, { pgid: 7 }), toGroup, reap(child, 'SIGTERM')).endedBy, sender, 'it told itself');
  assert.deepEqual(endedBy(toGroup, seen(child, { pgid: 9 })), { by: 'outside', signal: 'SIGTERM' }, 'it was in another group');
  assert.deepEqual(endedBy(toGroup), { by: 'unknown', signal: 'SIGTERM' }, 'nobody knows its group: it may have been that');
  assert.deepEqual(endedBy(signal('-7', 'SIGKILL')), { by: 'outside', signal: 'SIGTERM' }, 'another signal');
});

test('the later of two signals ended a member, whomever each was sent to', () => {
  const group = seen(child, { pgid: 7 });
  assert.equal(endedBy(group, signal('-7', 'SIGTERM', { t: 4_000, via: 'os.killpg' }), signal(child, 'SIGTERM', { t: 4_500, via: 'os.kill' }))?.via, 'os.kill');
  assert.equal(endedBy(group, signal('-7', 'SIGTERM', { t: 4_500, via: 'os.killpg' }), signal(child, 'SIGTERM', { t: 4_000, via: 'os.kill' }))?.via, 'os.killpg');
});

test('a signal to everybody reaches all but its sender', () => {
  const members = membersTold(start(child), start('8.150'), signal('-1', 'SIGTERM', { via: 'os.kill' }, '8.150'), reap(child, 'SIGTERM'), reap('8.150', 'SIGTERM'));
  assert.deepEqual(members.map(({ id, endedBy: by }) => [id, by?.by, by?.member]), [[root, undefined, undefined], [child, 'member', '8.150'], ['8.150', 'outside', undefined]]);
});

test('a group is one host\'s', () => {
  const far = '9.150';
  const events = [start(far, { host: 'far', pgid: 7 }), start(child, { pgid: 7 }), signal('-7', 'SIGTERM', {}, far), reap(child, 'SIGTERM')];
  assert.equal(memberTold(child, ...events).endedBy?.by, 'outside');
});

test('a group is one pid namespace\'s, and so is everybody', () => {
  // Two processes inside, under their outer names, and one outside that is in the group of the same number.
  const [init, inside, outside] = ['101.140', '105.150', '7.150'];
  const told = [
    seen(init, { innerPid: 1, aliases: ['1@9.140'] }), start('1@9.140', { ppid: 0, pgid: 1 }), seen(inside, { ppid: 101, innerPid: 5, aliases: ['5@9.150'], pgid: 105 }),
    start('5@9.150', { ppid: 1, pgid: 5 }), start(outside, { pgid: 5 }),
  ];
  const ends = (to: string): unknown[] => membersTold(...told, signal(to, 'SIGTERM', { via: 'os.kill' }, '1@9.140'), reap(inside, 'SIGTERM'), reap(outside, 'SIGTERM'))
    .filter(({ id }) => id === inside || id === outside).map(({ id, endedBy: by }) => [id, by?.by, by?.member]).sort();
  assert.deepEqual(ends('-5@9'), [[inside, 'member', init], [outside, 'outside', undefined]]);
  assert.deepEqual(ends('-1@9'), [[inside, 'member', init], [outside, 'outside', undefined]]);
  assert.deepEqual(ends('-5'), [[inside, 'outside', undefined], [outside, 'member', init]]);
});

test('the group at a time is the one before it, unless the next sight shows another', () => {
  const sights = [[10, 7], [20, 7], [30, 8]] as const;
  assert.deepEqual([5, 10, 15, 25, 30, 99].map((t) => groupAt(sights, t, '')), [undefined, 7, 7, undefined, 8, 8]);
  assert.equal(groupAt([], 5, ''), undefined);
});

test('out of memory is said only when the kernel counted it, and for no more members than it counted', () => {
  const killed = (pids: number[], ...events: Event[]): (string | undefined)[] => membersTold(...pids.flatMap((pid) => [start(`${pid}.150`), reap(`${pid}.150`, 'SIGKILL')]), ...events)
    .filter(({ id }) => id !== root).map(({ endedBy: by }) => by?.by);
  const counted = (kills: number, t: number): Event => ({ e: 'outOfMemory', id: '1.1', since: t - 1000, t, kills, evidence: 'memory.events' });
  assert.deepEqual(killed([7]), ['unknown']);
  assert.deepEqual(killed([7], counted(1, 5600)), ['kernel']);
  assert.deepEqual(killed([7], counted(1, 9000)), ['unknown'], 'at another time');
  assert.deepEqual(killed([7, 8], counted(1, 5600)), ['unknown', 'unknown'], 'which of the two is not known');
  assert.deepEqual(killed([7, 8], counted(2, 5600)), ['kernel', 'kernel']);
  assert.deepEqual(killed([7], counted(1, 5600), signal('7.150', 'SIGKILL', { t: 4990 })), ['member']);
});
