import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Member } from '../../src/core/members';
import { subtreeOf } from '../../src/core/tree';
import { signalMember, stopRun, type Steering } from '../../src/launch/steer';
import { refusal } from '../../src/observe/system/refusal';
import type { EventFile } from '../../src/observe/record/eventFile';
import type { SignalResult } from '../../src/observe/system/signals';

const member = (name: string, more: Partial<Member> = {}): Member => ({ id: `${name}.1`, pid: 5, name, role: 'child', parent: 'root.1', state: 'running', endedAt: null, host: null, marks: [], ...more }) as Member;

/** Processes that end at a signal of theirs, or at SIGKILL. `diesOf` maps a name to the signal that it obeys. */
function world(diesOf: Record<string, string>, result: SignalResult = 'sent') {
  const sent: string[] = [];
  const written: string[] = [];
  const dead = new Set<string>();
  const steering: Steering = {
    file: { write: (event: { to?: string; signal?: string }) => written.push(`${event.signal} ${event.to}`) } as unknown as EventFile,
    send: ({ name }, signal) => {
      if (name === 'stranger') return 'stranger';
      sent.push(`${signal} ${name}`);
      if (diesOf[name] === signal || (signal === 'SIGKILL' && diesOf[name] !== 'nothing')) dead.add(name);
      return result;
    },
    alive: (id) => !dead.has(id.split('.')[0] ?? ''),
  };
  return { steering, sent, written };
}

const plan = (members: Member[], more: Partial<Parameters<typeof stopRun>[1]> = {}): Parameters<typeof stopRun>[1] =>
  ({ signals: ['SIGINT', 'SIGTERM', 'SIGKILL'], timeout: 200, members: () => members, pause: () => Promise.resolve(), ...more });

test('Stop interrupts the root alone, and is done when it has taken its children with it', async () => {
  const { steering, sent, written } = world({ root: 'SIGINT', a: 'SIGTERM' });
  const root = member('root', { role: 'root', parent: null });
  assert.deepEqual(await stopRun(steering, plan([root])), []);
  assert.deepEqual([sent, written], [['SIGINT root'], ['SIGINT root.1']]);
});

test('Stop goes on to those that the root left behind, each stage in its order, once', async () => {
  const { steering, sent } = world({ root: 'SIGINT', a: 'SIGTERM', b: 'SIGKILL' });
  assert.deepEqual(await stopRun(steering, plan([member('root', { role: 'root' }), member('a'), member('b')])), []);
  assert.deepEqual(sent, ['SIGINT root', 'SIGINT a', 'SIGINT b', 'SIGTERM a', 'SIGTERM b', 'SIGKILL b']);
});

test('Stop kills the root last, wakes the stopped, and names who survives', async () => {
  const { steering, sent } = world({ root: 'SIGKILL', a: 'SIGKILL', z: 'nothing' });
  const left = await stopRun(steering, plan([member('root', { role: 'root' }), member('a', { state: 'stopped' }), member('z')]));
  assert.deepEqual(left.map(({ name }) => name), ['z']);
  assert.ok(sent.indexOf('SIGKILL a') < sent.indexOf('SIGKILL root'));
  assert.ok(sent.includes('SIGCONT a') && !sent.includes('SIGCONT root'));
});

test('Stop leaves alone who only seems to be a member, and does not wait for it', async () => {
  const { steering, sent } = world({ root: 'SIGINT' });
  assert.deepEqual(await stopRun(steering, plan([member('root', { role: 'root' }), member('stranger')])), []);
  assert.deepEqual(sent, ['SIGINT root']);
});

test('Stop of a record by which no process may be ended says so, and touches nobody', async () => {
  const { steering, written } = world({}, 'foreign');
  await assert.rejects(stopRun(steering, plan([member('root', { role: 'root' }), member('a')])), /SIGINT was not sent: this record of root .* another user/);
  assert.deepEqual(written, []);
});

test('a person in a hurry skips to the last signal', async () => {
  const { steering, sent } = world({ root: 'SIGKILL' });
  let looks = 0;
  await stopRun(steering, plan([member('root', { role: 'root' })], { hurry: () => ++looks > 1 }));
  assert.deepEqual(sent, ['SIGINT root', 'SIGKILL root']);
});

test('a signal that was not sent is no fact, and the person is told why', () => {
  const { steering, written } = world({}, 'reused');
  const result = signalMember(steering, member('a'), 'SIGTERM', 'Terminate');
  assert.deepEqual([result, written], ['reused', []]);
  assert.match(refusal(member('a'), 'SIGTERM', 'reused')?.message ?? '', /a \(pid 5\) has ended and its pid now belongs to another process/);
  assert.match(refusal(member('a'), 'SIGTERM', 'denied')?.message ?? '', /does not permit/);
  assert.equal(refusal(member('a'), 'SIGTERM', 'gone'), undefined);
});

test('a subtree is a member with everything below it, the deepest first', () => {
  const members = [member('root', { parent: null }), member('a'), member('b', { parent: 'a.1' }), member('c')];
  assert.deepEqual(subtreeOf(members, 'a.1').map(({ name }) => name), ['b', 'a']);
});
