import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { breakAt, configuration, debug, goOn, stackOf, watchSessions, type Watched } from '../debugging/session';
import { test, until } from '../inside/testing';
import { folder, isAlive, tidy, untilRun } from './support';

const limit = { limit: 60_000 };

/** Waits for a stop, and gives it with its stack. */
async function nextStop(watched: Watched): Promise<{ session: vscode.DebugSession; stack: string[] }> {
  const { session, thread } = await until('a stop', () => watched.stops[0], 30_000);
  return { session, stack: await stackOf(session, thread) };
}

for (const [kind, name, caller] of [['pool', /^(Fork|Spawn)PoolWorker-\d+ \[\d+\]$/, /^main:16$/], ['executor', /^(Fork|Spawn)?Process-\d+ \[\d+\]$/, /^main:20$/], ['subprocess', /^debug_kinds\.py \[\d+\]$/, /^main:25$/]] as const) {
  test(`debug Python: ${kind}: a breakpoint in what the worker does, with its stack`, async (t) => {
    tidy(t);
    const watched = watchSessions(t);
    await breakAt('debug_kinds.py', 'doubled = number * 2');
    const id = await debug(configuration('debug_kinds.py', { args: [kind], debugChildren: 'all' }));
    const { session, stack } = await nextStop(watched);
    assert.match(stack[0] ?? '', /^work:10$/);
    assert.match(stack[1] ?? '', caller);
    await until(`the name of ${session.name}`, () => name.test(session.name));
    assert.equal((await goOn(id)).run.exit?.code, 0);
  }, limit);
}

for (const [how, more] of [['module', { program: undefined, module: 'debug_kinds', cwd: `${folder()}/programs`, args: ['here'] }], ['command', { program: undefined, python: undefined }]] as const) {
  test(`debug Python: a configuration with "${how}"`, async (t) => {
    tidy(t);
    const watched = watchSessions(t);
    await breakAt('debug_kinds.py', 'doubled = number * 2');
    const { python, program } = configuration('debug_kinds.py') as { python: string; program: string } & vscode.DebugConfiguration;
    const id = await debug(configuration('debug_kinds.py', how === 'command' ? { ...more, command: [python, program, 'here'] } : more));
    const { stack } = await nextStop(watched);
    assert.deepEqual(stack.slice(0, 2), ['work:10', 'main:25']);
    assert.equal((await goOn(id)).run.exit?.code, 0);
  }, limit);
}

for (const [kind, name] of [['cluster', /^worker 1 \[\d+\]$/], ['thread', /^\[worker \d+\]/]] as const) {
  test(`debug Node: ${kind}: a breakpoint in what the worker does, with its stack`, async (t) => {
    tidy(t);
    const watched = watchSessions(t);
    await breakAt('debug_kinds.cjs', 'return number * 2');
    const id = await debug(configuration('debug_kinds.cjs', { args: [kind], debugChildren: 'all' }));
    const { session, stack } = await nextStop(watched);
    assert.match(stack[0] ?? '', /work:6$/);
    assert.match(stack[1] ?? '', /<anonymous>:(9|11)$/);
    await until(`the name of ${session.name}`, () => name.test(session.name));
    assert.equal((await goOn(id)).run.exit?.code, 0);
  }, limit);
}

test('debug Python that starts Node: the Node process is attached to, each has its stack, Stop All ends both', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  const id = await debug(configuration('debug_kinds.py', { args: ['node'], stopTimeout: 1 }));
  const report = await untilRun(id, 'the Node process', ({ members }) => members.some(({ runtime, state }) => runtime === 'node' && state === 'running'), 30_000);
  const member = report.members.find(({ runtime }) => runtime === 'node');
  await breakAt('debug_tree.cjs', 'count += 1');
  await vscode.commands.executeCommand('procession.attachDebugger', { row: { kind: 'member', run: id, member } });
  const { session, stack } = await nextStop(watched);
  assert.match(stack[0] ?? '', /tick:12$/);
  assert.equal(session.name, `${member?.name ?? ''} [${member?.pid ?? 0}]`);
  const root = watched.sessions.find(({ configuration: { request, program } }) => request === 'launch' && String(program).endsWith('.py'));
  assert.ok(root);
  const [thread] = (await root.customRequest('threads') as { threads: { id: number }[] }).threads;
  assert.ok((await stackOf(root, thread?.id ?? 0)).some((frame) => frame === 'main:24'), 'the stack of the one that waits for it');
  await vscode.commands.executeCommand('procession.stopAll');
  await until('nobody lives', () => report.members.every(({ pid }) => !isAlive(pid)));
  await until('no session is left', () => watched.sessions.length === 0);
}, limit);
