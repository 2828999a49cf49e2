import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type * as vscode from 'vscode';
import { HumanError } from '../../src/core/errors';
import { Attacher, type AttachServices } from '../../src/debug/attach';
import { ChildSessions } from '../../src/debug/children';
import type { Connection } from '../../src/debug/connection';
import { Emitter } from '../../src/debug/emitter';
import { Group, type Desk } from '../../src/debug/group';
import { aboutKey, policyOf, type DebugOptions } from '../../src/debug/kinds';
import type { Message } from '../../src/debug/protocol';
import { RelayAdapter } from '../../src/debug/python/relayAdapter';
import { RunAdapter, type RunServices } from '../../src/debug/runAdapter';
import { becomes, within } from '../../src/launch/within';
import { adapter, member, session, settle, stopAt, world, type World } from './debugWorld';

const never = new Promise<never>(() => undefined);
const quiet = { error: () => undefined, warn: () => undefined };

async function until(what: string, look: () => unknown): Promise<void> {
  for (const end = Date.now() + 5_000; Date.now() < end;) {
    if (look()) return;
    await new Promise((done) => setTimeout(done, 5));
  }
  assert.fail(`waited in vain for ${what}`);
}

test('a wait has an end, and a second way to learn of what it waits for', async () => {
  await assert.rejects(within(10, 'It', never), (error: unknown) => error instanceof HumanError && /^It did not answer within/.test(error.message));
  assert.equal(await within(1_000, 'It', Promise.resolve(7)), 7);
  const silent = new Emitter<void>();
  let is = false;
  setTimeout(() => { is = true; }, 20);
  assert.equal(await becomes(() => is, silent.event, 5_000, 5), true, 'nobody tells, so it is looked at');
  assert.equal(await becomes(() => false, silent.event, 20, 5), false);
  const told = new Emitter<void>();
  is = false;
  const waiting = becomes(() => is, told.event, 5_000, 60_000);
  is = true;
  told.fire();
  assert.equal(await waiting, true);
});

test('a listener that throws does not keep the others from hearing, and its error is not lost', (t) => {
  const later: (() => void)[] = [];
  t.mock.method(globalThis, 'setImmediate', (call: () => void) => later.push(call));
  const heard: number[] = [];
  const emitter = new Emitter<number>();
  emitter.event(() => { throw new Error('thrown by a listener'); });
  const second = emitter.event((value) => heard.push(value));
  emitter.fire(1);
  second.dispose();
  emitter.fire(2);
  assert.deepEqual([heard, later.length], [[1], 2]);
  assert.throws(() => later[0]?.(), /thrown by a listener/);
});

/** The queue of children of a run whose root is debugged. */
function queue(options: DebugOptions, members = [member('worker-1', 11), member('worker-2', 12)], start?: (configuration: vscode.DebugConfiguration) => Promise<boolean>, opening?: number): World & { children: ChildSessions; root: vscode.DebugSession } {
  const all = world(members);
  const root = session('root', { request: 'launch' });
  all.sessions.bind(root, 'run', 1);
  const children = new ChildSessions(all.sessions, async (_, configuration, given) => {
    all.started.push({ configuration: configuration as vscode.DebugConfiguration, options: given as vscode.DebugSessionOptions });
    return (await start?.(configuration as vscode.DebugConfiguration)) ?? true;
  }, quiet, opening);
  children.begin(root, 'run', policyOf(options));
  return { ...all, children, root };
}

const child = (pid: number): { pid: number; inner: null } => ({ pid, inner: null });
const offered = (pid: number, port = 1): vscode.DebugConfiguration => ({ name: `Subprocess ${pid}`, type: 'procession', request: 'attach', subProcessId: pid, connect: { host: '127.0.0.1', port } });

test('a process in a container, of which debugpy knows the pid inside, is the member with that pid inside', async () => {
  const inside = member('worker-1', 4_711, { inner: { pid: 7, id: '7@5.1' } });
  const namesake = member('worker-2', 8, { inner: { pid: 9, id: '9@5.1' } });
  const { children, root, started, sessions } = queue({ debugChildren: 'all' }, [inside, namesake, member('worker-3', 9)]);
  assert.deepEqual([7, 9, 8, 10].map((pid) => sessions.member('run', pid)?.name), ['worker-1', 'worker-3', 'worker-2', undefined]);
  children.offer(root, 'run', offered(7));
  await children.decided('run', inside);
  assert.deepEqual(started.map(({ configuration: { name, [aboutKey]: about } }) => [name, about] as unknown), [['worker-1 [4711]', { run: 'run', pid: 4_711 }]]);
  const early = session('Subprocess 7', { pid: 7 });
  sessions.bind(early, 'run', 7);
  assert.equal(sessions.find('run', inside)?.session, early);
  assert.equal(early.name, 'worker-1 [4711]');
});

test('a child that debugpy offers gets its session below that of its parent, with its name', async () => {
  const { children, root, started, sessions } = queue({ debugChildren: 'all' });
  children.offer(root, 'run', offered(11));
  await children.decided('run', child(11));
  assert.deepEqual(started.map(({ configuration, options }) => [configuration.name, options.parentSession?.name]), [['worker-1 [11]', 'root']]);
  sessions.bind(session('worker-1', { pid: 11 }), 'run', 11);
  assert.equal(await children.known('run', child(11)), undefined);
});

for (const [what, options, start] of [
  ['that the configuration leaves out', {}, undefined],
  ['that does not fit', { debugChildren: 'match', childFilter: { name: 'other' } }, undefined],
  ['whose session can not be opened', { debugChildren: 'all' }, () => Promise.resolve(false)],
  ['whose session fails', { debugChildren: 'all' }, () => Promise.reject(new Error('torn'))],
  ['whose session never comes up', { debugChildren: 'all' }, () => never],
] as [string, DebugOptions, (() => Promise<boolean>) | undefined][]) {
  test(`a child ${what} does not wait for ever: it is given a client that lets it go on`, async (t) => {
    const { close, port, asked } = await adapter();
    t.after(close);
    const { children, root } = queue(options, undefined, start, 50);
    t.after(() => children.dispose());
    children.offer(root, 'run', offered(11, port));
    await until('the client', () => asked.includes('configurationDone'));
    assert.deepEqual(asked, ['initialize', 'attach', 'configurationDone']);
    const known = children.known('run', child(11));
    await until('it to leave, so that a debugger can come', () => asked.includes('disconnect'));
    assert.equal((await known)?.subProcessId, 11);
  });
}

test('a child of a run that nobody knows any more is let go too', async (t) => {
  const { close, port, asked } = await adapter();
  t.after(close);
  const { children, root } = queue({ debugChildren: 'all' });
  children.keep(() => false);
  children.offer(root, 'run', offered(11, port));
  await until('the client', () => asked.includes('configurationDone'));
});

test('a child that an adapter will not give away is not held on to; the connections of a run that is gone are closed', async (t) => {
  const refusing = await adapter(({ command }) => ({ success: command !== 'attach' }));
  const willing = await adapter();
  t.after(() => [refusing, willing].forEach(({ close }) => close()));
  const { children, root } = queue({});
  children.offer(root, 'run', offered(11, refusing.port));
  children.offer(root, 'run', offered(12, willing.port));
  await until('the refused one to leave', refusing.closed);
  await until('the other to be let go', () => willing.asked.includes('configurationDone'));
  assert.equal(await children.known('run', child(11)), undefined);
  children.keep(() => false);
  await until('its connection to be closed', willing.closed);
});

test('no more sessions open by themselves than may, those that are just being opened among them', async (t) => {
  const { close, port, asked } = await adapter();
  t.after(close);
  let opened: (value: boolean) => void = () => undefined;
  const { children, root, started, sessions, facts } = queue({ debugChildren: 'all', maxDebugSessions: 1 }, undefined, () => new Promise((done) => { opened = done; }));
  t.after(() => children.dispose());
  children.offer(root, 'run', offered(11, port));
  await until('the first', () => started.length === 1);
  children.offer(root, 'run', offered(12, port));
  await until('the second to be let go', () => asked.includes('configurationDone'));
  assert.equal(sessions.describe('run', facts.members[1] ?? member('', 0)), 'not attached: 1 sessions are open (maxDebugSessions)');
  opened(true);
  await children.decided('run', child(11));
  assert.equal(started.length, 1);
});

test('who stands at a breakpoint is let go before the end, and one that does not answer is not waited for', async () => {
  const { children, sessions, facts } = queue({ debugChildren: 'all' });
  const [answers, hangs] = [session('worker-1', { pid: 11 }), session('worker-2', { pid: 12, answer: (command) => (command === 'continue' ? never : { stackFrames: [] }) })];
  for (const one of [answers, hangs]) {
    sessions.bind(one, 'run', one === answers ? 11 : 12);
    await stopAt({ sessions, facts } as World, one);
  }
  await children.release('run');
  assert.ok(answers.asked.includes('continue') && hangs.asked.includes('continue'));
});

/** An attacher, with what it has been asked for. */
function attacher(all: World, more: Partial<AttachServices> = {}): { attacher: Attacher; revealed: string[]; closed: string[] } {
  const revealed: string[] = [];
  const closed: string[] = [];
  const services: AttachServices = {
    sessions: all.sessions, children: new ChildSessions(all.sessions, () => Promise.resolve(true), quiet), requireTrust: () => undefined,
    start: (_, configuration, options) => {
      all.started.push({ configuration: configuration as vscode.DebugConfiguration, options: options as vscode.DebugSessionOptions });
      return Promise.resolve(true);
    },
    reveal: ({ name }) => Promise.resolve(void revealed.push(name)),
    inspector: { open: () => Promise.resolve({ address: 'ws://x', opened: true }), close: (address) => Promise.resolve(void closed.push(address)) },
    ...more,
  };
  return { attacher: new Attacher(services), revealed, closed };
}

/** Has the sessions of members come up, as adapters tell it. */
function comesUp(all: World, name: string, pid: number, type = 'procession'): vscode.DebugSession {
  const one = session(name, { pid, type });
  all.sessions.bind(one, 'run', pid);
  all.sessions.track(one)?.onDidSendMessage?.({ type: 'response', command: 'configurationDone', seq: 1, success: true });
  return one;
}

test('whoever asks for an attachment that is under way gets the same one; when it is there, it is shown', async () => {
  const [one] = [member('worker-1', 11)];
  const all = world([one]);
  const { attacher: attaching, revealed } = attacher(all);
  const both = [attaching.attach(all.run, one), attaching.attach(all.run, one)];
  await settle();
  comesUp(all, 'worker-1', 11);
  await Promise.all(both);
  assert.equal(all.started.length, 1);
  await attaching.attach(all.run, one);
  assert.deepEqual([all.started.length, revealed], [1, ['worker-1 [11]']]);
});

test('what can not be attached to says why, and can be tried again', async () => {
  const all = world([member('worker-1', 11), member('gone', 12, { state: 'exited' }), member('sh', 13, { runtime: 'other' })]);
  const [worker, gone, other] = all.facts.members as [never, never, never];
  await assert.rejects(attacher(all, { requireTrust: () => { throw new HumanError('not trusted'); } }).attacher.attach(all.run, worker), /not trusted/);
  const { attacher: attaching } = attacher(all, { start: () => Promise.resolve(false) });
  await assert.rejects(attaching.attach(all.run, gone), /gone \(pid 12\) has ended/);
  await assert.rejects(attaching.attach(all.run, other), /sh \(pid 13\) is neither Python nor Node/);
  for (let times = 0; times < 2; times++) await assert.rejects(attaching.attach(all.run, worker), /could not be attached to. It may have ended meanwhile/);
});

test('an inspector that was opened for a session is closed with it, or when the session does not come up', async () => {
  const one = member('server.js', 11, { runtime: 'node' });
  const all = world([one]);
  const failing = attacher(all, { start: () => Promise.resolve(false) });
  await assert.rejects(failing.attacher.attach(all.run, one));
  assert.deepEqual(failing.closed, ['ws://x']);
  const { attacher: attaching, closed } = attacher(all);
  const attached = attaching.attach(all.run, one);
  await settle();
  comesUp(all, 'server.js', 11, 'pwa-node');
  await attached;
  assert.deepEqual([all.started[0]?.configuration.websocketAddress, closed], ['ws://x', []]);
  attaching.ended(session('server.js', { pid: 11 }));
  attaching.ended(session('server.js', { pid: 11 }));
  assert.deepEqual(closed, ['ws://x']);
});

test('new members like one that was chosen are attached to, once each, until the choice is taken back or the run is gone', async () => {
  const all = world([member('worker-1', 11), member('writer', 12)]);
  const { attacher: attaching } = attacher(all);
  const names = (): string[] => all.started.map(({ configuration }) => configuration.name);
  assert.equal(attaching.followLike(all.run, all.facts.members[0] as never), true);
  all.facts.members.push(member('worker-2', 13), member('writer', 14));
  for (let times = 0; times < 2; times++) attaching.follow();
  await settle();
  assert.deepEqual(names(), ['worker-2 [13]'], 'those that were there are left alone');
  assert.equal(attaching.followLike(all.run, all.facts.members[0] as never), false);
  all.facts.members.push(member('worker-3', 15));
  attaching.follow();
  await settle();
  assert.equal(names().length, 1);
});

/** A group of three sessions of a run, and what the person was asked. */
function group(desk: Partial<Desk> = {}, answer?: (command: string) => unknown): World & { group: Group; three: ReturnType<typeof session>[]; notices: string[] } {
  const all = world([member('a', 11), member('b', 12), member('c', 13)]);
  const notices: string[] = [];
  const where = { stackFrames: [{ line: 7, source: { path: '/app/work.py' } }] };
  const three = all.facts.members.map(({ name, pid }) => session(name, { pid, answer: (command) => answer?.(command) ?? (command === 'threads' ? { threads: [{ id: 1 }] } : command === 'stackTrace' ? where : {}) }));
  three.forEach((one, at) => all.sessions.bind(one, 'run', 11 + at));
  const made = new Group(all.sessions, {
    onStop: () => 'one', ask: (message) => { notices.push(message); return Promise.resolve(undefined); }, focused: () => undefined, reveal: () => Promise.resolve(), ...desk,
  }, 50);
  return { ...all, group: made, three, notices };
}

const askedOf = (three: { asked: string[] }[], command: string): boolean[] => three.map(({ asked }) => asked.includes(command));

test('Pause All and Continue All reach all but those that stand already, or are spared', async () => {
  const all = group();
  const [a, b] = all.three;
  await stopAt(all, a as never, 'step');
  await all.group.pause('run');
  assert.deepEqual(askedOf(all.three, 'pause'), [false, true, true]);
  await all.group.continue('run', all.sessions.get(b));
  assert.deepEqual(askedOf(all.three, 'continue'), [true, false, true], 'who was told to pause and could not yet goes on, too');
});

test('a session that does not answer is named, and does not keep the others from being paused', async () => {
  const all = group({}, (command) => (command === 'pause' ? never : undefined));
  await assert.rejects(all.group.pause('run'), (error: unknown) => error instanceof HumanError && error.message.split('\n').length === 3 && /^a \[11\]: The debugger did not answer/.test(error.message));
});

test('several that stop at one line are one notice; its answer is carried out', async () => {
  const all = group({ ask: (message) => { all.notices.push(message); return Promise.resolve('Continue All'); } });
  for (const one of all.three) await stopAt(all, one);
  await until('the notice', () => all.notices.length > 0);
  assert.deepEqual(all.notices, ['3 of 3 debugged processes are at work.py:7.']);
  await until('all to go on', () => askedOf(all.three, 'continue').every(Boolean));
});

test('onStop "run": when one stops at a breakpoint the others are paused; one that was told to pause stops nobody', async () => {
  const all = group({ onStop: () => 'run' });
  const [a, b] = all.three;
  await stopAt(all, a as never, 'pause');
  assert.deepEqual(askedOf(all.three, 'pause'), [false, false, false]);
  await stopAt(all, b as never);
  assert.deepEqual(askedOf(all.three, 'pause'), [false, false, true]);
});

test('a stop is told also where the session does not say where', async () => {
  const all = group({ onStop: () => 'run' }, (command) => (command === 'stackTrace' ? Promise.reject(new Error('busy')) : undefined));
  await stopAt(all, all.three[0] as never);
  assert.deepEqual(askedOf(all.three, 'pause'), [false, true, true]);
  assert.equal(all.sessions.describe('run', all.facts.members[0] as never), 'paused');
});

/** A session that runs a program, and what it has sent to the editor. */
function running(t: TestContext, all: World, services: Partial<RunServices> = {}): { ask: (command: string, args?: object) => void; sent: () => string[]; change: () => void; done: string[] } {
  const changed = new Emitter<void>();
  const done: string[] = [];
  const messages: { type: string; event?: string; command?: string; success?: boolean; body?: { exitCode?: number; output?: string } }[] = [];
  const made = new RunAdapter(session('Program', { request: 'launch' }), {
    launch: () => Promise.resolve(all.run), follow: () => undefined, stop: () => { done.push('stopped'); return Promise.resolve([]); },
    giveUp: () => { done.push('given up'); all.facts.launchFailed = 'not started'; all.facts.endedAt = 1; changed.fire(); },
    again: () => Promise.resolve(void done.push('again')), tell: (error) => void done.push(String(error)), onDidChange: changed.event, begin: 50, ...services,
  });
  t.after(() => made.dispose());
  made.onDidSendMessage((message) => messages.push(message as never));
  let seq = 0;
  return {
    ask: (command, args = {}) => made.handleMessage({ type: 'request', seq: ++seq, command, arguments: { noDebug: true, ...args } }),
    sent: () => messages.map(({ type, event, command, success, body }) => (type === 'event' ? `${event}${body?.exitCode === undefined ? '' : ` ${body.exitCode}`}` : `${command} ${success}`)),
    change: () => changed.fire(), done,
  };
}

test('Stop of a program whose launcher died before its first event comes to an end: the run is given up, the session is over', async (t) => {
  for (const command of ['terminate', 'disconnect', 'restart']) {
    const { ask, sent, done } = running(t, world());
    ask('launch');
    await settle();
    ask(command);
    await until('the end', () => sent().includes('terminated') && sent().includes(`${command} true`) && (command !== 'restart' || done.includes('again')));
    assert.deepEqual(done, ['given up', ...(command === 'restart' ? ['again'] : [])]);
  }
});

test('Stop of a program that begins in this moment stops it; what goes wrong with it is told', async (t) => {
  const all = world();
  const { ask, change, done } = running(t, all, { begin: 5_000, stop: () => Promise.reject(new HumanError('still alive: worker-1')) });
  ask('launch');
  await settle();
  ask('terminate');
  await settle();
  all.facts.members.push(member('MainProcess', 11, { role: 'root' }));
  change();
  await until('the end of Stop', () => done.length > 0);
  assert.deepEqual(done, ['HumanError: still alive: worker-1']);
});

test('the session ends with the root, with its exit code; where the code is not known, none is told', async (t) => {
  const known = world([member('MainProcess', 11, { role: 'root' }), member('worker-1', 12)]);
  const one = running(t, known);
  one.ask('launch');
  await settle();
  known.facts.exit = { code: null, signal: 'SIGTERM', source: 'launcher' };
  one.change();
  assert.deepEqual(one.sent().slice(-2), ['exited 143', 'terminated']);
  const unknown = world([member('MainProcess', 11, { role: 'root' })]);
  const other = running(t, unknown);
  other.ask('launch');
  await settle();
  unknown.facts.exit = { code: null, signal: null, source: 'unknown', reason: 'nobody told' };
  other.change();
  await until('the end', () => other.sent().includes('terminated'));
  assert.ok(!other.sent().some((text) => text.startsWith('exited')));
});

/** An adapter in between, whose other side a test plays. */
class Between extends RelayAdapter {
  readonly passed: string[] = [];
  readonly told: string[] = [];
  closed = 0;
  protected override readonly parting = 50;

  constructor(private readonly connecting: Promise<void>, t: TestContext) {
    super();
    this.onDidSendMessage((message) => {
      const { type, event, command, success } = message as Message;
      this.told.push(type === 'event' ? `${event}` : `${command} ${success}`);
    });
    t.after(() => this.dispose());
  }

  protected async connect(): Promise<Connection> {
    await this.connecting;
    return { send: (message) => void this.passed.push((message as Message).command ?? ''), close: () => void this.closed++ };
  }

  protected fromEditor = (request: Message): Message => request;
  protected fromAdapter = (message: Message): Message => message;
  protected lost = (reason: string): void => void this.told.push(`lost: ${reason}`);
  protected cancelled = (): void => void this.told.push('cancelled');
  ask = (command: string, seq = 1): void => this.handleMessage({ type: 'request', seq, command });
  hear = (message: Partial<Message>): void => this.listener.message(message as Message);
  lose = (): void => this.listener.closed('killed by SIGKILL');
}

test('Stop while the adapter is still being looked for ends the session at once, and the adapter when it comes', async (t) => {
  let connected: () => void = () => undefined;
  const between = new Between(new Promise((done) => { connected = done; }), t);
  between.ask('initialize');
  between.ask('terminate', 2);
  between.ask('disconnect', 3);
  assert.deepEqual(between.told, ['terminate true', 'terminated', 'cancelled', 'disconnect true']);
  connected();
  await settle();
  assert.ok(between.closed > 0);
  assert.deepEqual(between.passed, []);
});

test('an adapter that does not answer to the end of its session is left; one that does is not', async (t) => {
  const between = new Between(Promise.resolve(), t);
  between.ask('initialize');
  await settle();
  between.ask('disconnect', 2);
  await until('the end', () => between.told.includes('terminated'));
  assert.deepEqual([between.told, between.passed], [['disconnect true', 'terminated'], ['initialize', 'disconnect']]);
  const answering = new Between(Promise.resolve(), t);
  answering.ask('initialize');
  await settle();
  answering.ask('disconnect', 2);
  await new Promise((done) => setTimeout(done, 10));
  answering.hear({ type: 'response', command: 'disconnect', request_seq: 2, success: true });
  await new Promise((done) => setTimeout(done, 100));
  assert.deepEqual(answering.told, ['disconnect true']);
});

test('an adapter that is killed is told once, and what is asked afterwards is not waited for', async (t) => {
  const between = new Between(Promise.resolve(), t);
  between.ask('initialize');
  await settle();
  between.lose();
  between.lose();
  between.ask('disconnect', 2);
  assert.deepEqual(between.told, ['lost: killed by SIGKILL', 'terminated', 'disconnect true']);
});
