import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { readRow, readStart, refOf } from '../../src/observe/system/identity';
import { originOf } from '../../src/observe/record/origin';
import { createRunDirectory, writeDescription, type RunDescription } from '../../src/observe/record/runDirectory';
import { launcherOf, sendSignal, signalGroup, signalIn, targetsOf, type Signallable } from '../../src/observe/system/signals';

/** Who may be signalled, tried on real processes of this machine. */

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procession-signals-')));
const children: ChildProcess[] = [];
let count = 0;

const start = (command: string[], env: NodeJS.ProcessEnv = process.env): ChildProcess => {
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'ignore'], env, detached: true });
  children.push(child);
  return child;
};
const member = (id: string, more: Partial<Signallable> = {}): Signallable => ({ id, host: null, confirmed: false, ...more });
const of = ({ pid }: ChildProcess, more?: Partial<Signallable>): Signallable => member(refOf(pid ?? 0), more);
const firstLine = (child: ChildProcess): Promise<string> => new Promise((done) => child.stdout?.once('data', (text: Buffer) => done(text.toString().trim())));
/** Start times count in ticks of 10 ms. */
const nextTick = (): Promise<void> => wait(30);

describe('signals go to processes of the run alone', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  let run: string;
  let description: RunDescription;
  const describeRun = (more: Partial<RunDescription>): void => writeDescription(run, (description = { ...description, ...more }));

  beforeEach(() => {
    run = join(folder, `run-${count++}`);
    createRunDirectory(run);
    description = { schema: 'procession.run/1', id: 'r', command: ['x'], cwd: '/', startedAt: 0, observer: null, origin: originOf(run) };
    describeRun({});
  });
  after(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const marked = (): NodeJS.ProcessEnv => ({ ...process.env, PROCESSION: `1|1.1||${run}` });
  const sent = (one: Signallable): string => signalIn(run, one, 0);

  test('what carries the mark of the run, is its root, or was started by either, whatever a record says besides', async () => {
    const root = start(['sh', '-c', 'env -i sleep 60 & echo $!; wait']);
    const below = await firstLine(root);
    describeRun({ root: refOf(root.pid ?? 0) });
    const own = start(['sleep', '60'], marked());
    const unmarked = start(['sh', '-c', 'env -i sleep 60 & echo $!; wait'], marked());
    for (const one of [of(root), member(refOf(Number(below))), of(own), member(refOf(Number(await firstLine(unmarked))))]) assert.equal(sent(one), 'sent', one.id);
    describeRun({ root: refOf(start(['sleep', '60']).pid ?? 0) });
    assert.deepEqual([of(root), of(own)].map(sent), ['stranger', 'sent']);
  });

  test('a stranger is never hit, though a record says that it was seen among the members', async () => {
    const before = start(['sleep', '60']);
    await nextTick();
    const root = start(['sleep', '60']);
    describeRun({ root: refOf(root.pid ?? 0) });
    await nextTick();
    const later = start(['sleep', '60']);
    const other = start(['sleep', '60'], { ...process.env, PROCESSION: `1|1.1||${run}-other` });
    for (const stranger of [before, later, other]) for (const confirmed of [false, true]) assert.equal(sent(of(stranger, { confirmed })), 'stranger');
    assert.equal(signalIn(run, of(later, { confirmed: true }), 'SIGKILL'), 'stranger');
    assert.equal(later.exitCode ?? later.signalCode, null);
  });

  test('an orphan without a mark is a member if the observer has seen it become one', async () => {
    const root = start(['sleep', '60']);
    describeRun({ root: refOf(root.pid ?? 0) });
    await nextTick();
    const orphan = Number(await firstLine(start(['sh', '-c', 'setsid env -i sleep 60 & echo $!'])));
    for (const end = Date.now() + 10_000; readRow(orphan)?.ppid !== 1 && Date.now() < end;) await wait(10);
    // Below a subreaper that is not ours it can't be told from a stranger.
    if (readRow(orphan)?.ppid === 1) assert.deepEqual([false, true].map((confirmed) => sent(member(refOf(orphan), { confirmed }))), ['stranger', 'sent']);
    assert.notEqual(signalIn(run, member(refOf(orphan)), 'SIGKILL'), 'sent');
    spawnSync('kill', ['-9', String(orphan)]);
  });

  test('neither pid 1, nor this process, nor whoever has started it', () => {
    for (const pid of [1, process.pid, process.ppid]) assert.equal(sent(member(refOf(pid), { confirmed: true })), 'protected', String(pid));
  });

  test('only the very process: not a later one with its pid, none of another host or namespace, none that is no process', async () => {
    const child = start(['sleep', '60'], marked());
    const ended = new Promise<unknown>((done) => child.once('exit', (_, signal) => done(signal)));
    const [pid, begun] = [child.pid ?? 0, Number(readStart(child.pid ?? 0))];
    assert.deepEqual([`${pid}.${begun + 1}`, String(pid), `${pid}.m5`].map((id) => sent(member(id))), ['reused', 'reused', 'reused']);
    assert.deepEqual([member(`${pid}@5.${begun}`), member(`${pid}@0.${begun}`), of(child, { host: 'far' })].map(sent), ['elsewhere', 'elsewhere', 'elsewhere']);
    for (const id of ['0.5', '-1.5', '', 'x', '0', '-1', '12.x', '1e3.5']) assert.equal(sent(member(id)), 'denied', id);
    assert.equal(signalIn(run, of(child), 'SIGTERM'), 'sent');
    assert.equal(await ended, 'SIGTERM');
    assert.equal(sent(member(`${pid}.${begun}`)), 'gone');
  });

  test('by a record of this user, machine, boot and container, that is no copy', () => {
    const child = start(['sleep', '60'], marked());
    assert.equal(sent(of(child)), 'sent');
    for (const origin of [{ boot: 'another' }, { pidNamespace: '5' }, { directory: '1:2' }]) {
      describeRun({ origin: { ...originOf(run), ...origin } });
      assert.equal(sent(of(child)), 'foreign', JSON.stringify(origin));
    }
    describeRun({ origin: originOf(run) });
    const copy = `${run}-copy`;
    cpSync(run, copy, { recursive: true });
    assert.equal(signalIn(copy, of(child), 0), 'foreign', 'a copy');
    chmodSync(run, 0o777);
    assert.equal(sent(of(child)), 'foreign', 'others may write');
    chmodSync(run, 0o700);
    if (process.getuid?.() === 0) {
      chownSync(run, 12_345, 0);
      assert.equal(sent(of(child)), 'foreign', 'of another user');
    }
    assert.equal(signalIn(join(folder, 'nowhere'), of(child), 0), 'foreign');
  });

  test('by a record of an older version, which does not say where it is from, what carries its mark', async () => {
    const child = start(['sleep', '60'], marked());
    const root = start(['sleep', '60']);
    delete description.origin;
    describeRun({ root: refOf(root.pid ?? 0) });
    assert.deepEqual([of(child), of(root, { confirmed: true })].map(sent), ['sent', 'stranger']);
    await nextTick();
  });

  test('the launcher of a run, which is told by its command line, and nobody else who is no member', async () => {
    const launcher = start([process.execPath, '-e', 'setTimeout(() => {}, 60_000)', 'launch', run]);
    const other = start([process.execPath, '-e', 'setTimeout(() => {}, 60_000)', 'launch', `${run}-other`]);
    const asked = ({ pid }: { pid?: number | undefined }): unknown => launcherOf(run, refOf(pid ?? 0));
    assert.deepEqual([other, process, { pid: 1 }].map(asked), ['stranger', 'protected', 'protected']);
    assert.equal(launcherOf(run, `${launcher.pid}.1`), 'reused');
    assert.equal(launcherOf(run, `${launcher.pid}@5.1`), 'denied');
    describeRun({ origin: { ...originOf(run), boot: 'another' } });
    assert.equal(asked(launcher), 'foreign');
    describeRun({ origin: originOf(run) });
    const target = launcherOf(run, refOf(launcher.pid ?? 0));
    assert.ok(typeof target === 'object');
    const ended = new Promise((done) => launcher.once('exit', (_, signal) => done(signal)));
    assert.equal(sendSignal(target, 'SIGKILL'), 'sent');
    assert.equal(await ended, 'SIGKILL');
  });

  test('a target is made by the check alone, and is the process that was checked', async () => {
    const child = start(['sleep', '60'], marked());
    const target = targetsOf(run)(of(child));
    assert.ok(typeof target === 'object' && target.ref === refOf(child.pid ?? 0));
    const ended = new Promise((done) => child.once('exit', done));
    assert.equal(signalGroup(child, 'SIGTERM'), 'sent');
    await ended;
    assert.equal(signalGroup(child, 0), 'gone');
  });
});
