import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { breakAt, configuration, debug, goOn, stackOf, watchSessions } from '../debugging/session';
import { test, until } from '../inside/testing';
import { api, clickButton, clickEntry, folder, isAlive, named, reportOf, showView, tidy, untilRow, untilRun } from './support';

const long = { limit: 120_000 };

for (const method of ['fork', 'spawn', 'forkserver']) {
  test(`debug Python: breakpoints in children by ${method}, sessions named as the processes, exit codes their own`, async (t) => {
    tidy(t);
    const watched = watchSessions(t);
    await breakAt('debug_children.py', 'doubled = number * 2');
    const id = await debug(configuration('debug_children.py', { args: [method], debugChildren: 'all' }));
    for (let count = 1; count <= 2; count++) await until(`stop ${count}`, () => watched.stops.length >= count, 40_000);
    for (const { session, thread } of watched.stops) {
      assert.equal((await stackOf(session, thread))[0], 'work:7');
      const { result } = await session.customRequest('evaluate', { expression: '__import__("os").getpid()', frameId: (await session.customRequest('stackTrace', { threadId: thread, levels: 1 }) as { stackFrames: { id: number }[] }).stackFrames[0]?.id }) as { result: string };
      await until(`${session.name} has the name and the pid`, () => new RegExp(`^worker-[12] \\[${result}\\]$`).test(session.name));
    }
    assert.deepEqual(watched.sessions.map(({ name }) => name).filter((name) => /tracker|server/.test(name)), [], 'helpers get no session');
    await t.look(async (browser) => {
      await showView();
      await untilRow(browser, 'the row says where the worker stands', ({ label, description }) => label === 'worker-1' && description.startsWith('paused at debug_children.py:7'));
    });
    const report = await goOn(id);
    assert.deepEqual([named(report, 'worker-1')?.exit?.code, named(report, 'worker-2')?.exit?.code, report.run.exit?.code], [2, 4, 5]);
    assert.deepEqual(watched.exits.filter(({ session }) => session.configuration.request === 'launch').map(({ code }) => code), [5]);
    assert.match(watched.output.replaceAll(/\s+/g, ' '), /\[2, 4\]/);
  }, long);
}

test('debug Python: with onDemand, children run free past breakpoints that their parent was given', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  await breakAt('debug_children.py', 'doubled = number * 2');
  const last = await breakAt('debug_children.py', 'sys.exit(5)');
  const id = await debug(configuration('debug_children.py', { args: ['fork'] }));
  await until('the stop of the parent', () => watched.stops.length > 0, 40_000);
  const [stop] = watched.stops;
  assert.ok(stop);
  assert.deepEqual(await stackOf(stop.session, stop.thread), [`<module>:${last.location.range.start.line + 1}`]);
  assert.equal(watched.sessions.length, 1);
  const report = await goOn(id);
  assert.deepEqual([named(report, 'worker-1')?.exit?.code, named(report, 'worker-2')?.exit?.code, report.run.exit?.code], [2, 4, 5]);
}, long);

test('debug Python: Stop ends the whole run', async (t) => {
  tidy(t);
  watchSessions(t);
  const id = await debug(configuration('debug_states.py', { stopTimeout: 1 }));
  const report = await untilRun(id, 'all members live', (now) => now.members.filter(({ state }) => state === 'running').length >= 5, 40_000);
  await vscode.debug.stopDebugging();
  await until('nobody lives', () => report.members.every(({ pid }) => !isAlive(pid)), 20_000);
  await untilRun(id, 'the run is told as ended', ({ run }) => run.endedAt !== null);
}, long);

for (const name of ['spinner', 'waiter', 'sleeper', 'ticker']) {
  test(`attach to Python: ${name}, started without a debugger, gives its stack and lives on`, async (t) => {
    tidy(t);
    const watched = watchSessions(t);
    const { program, python } = configuration('debug_states.py') as { program: string; python: string } & vscode.DebugConfiguration;
    const id = await (await api()).launch({ program, python, console: 'internalConsole' });
    const report = await untilRun(id, 'all members live', (now) => now.members.filter(({ state }) => state === 'running').length >= 5, 30_000);
    const member = named(report, name);
    assert.ok(member);
    await showView();
    await t.look(async (browser) => {
      await clickButton(browser, member, 'Attach Debugger', () => watched.sessions.length > 0);
    });
    const session = await until('the session', () => watched.sessions.find((one) => one.name === `${name} [${member.pid}]`));
    const [thread] = ((await session.customRequest('threads')) as { threads: { id: number }[] }).threads;
    const top = await until('the stack', async () => (await stackOf(session, thread?.id ?? 0))[0]);
    const line = { spinner: /^spin:[78]$/, waiter: /^blocked:12$/, sleeper: /^asleep:16$/, ticker: /^ticking:2[0-4]$/ }[name];
    assert.match(top, line ?? /never/);
    if (name === 'ticker') {
      await breakAt('debug_states.py', 'count += 1');
      await until('the breakpoint', () => watched.stops.some((stop) => stop.session.id === session.id));
    }
    await t.look(async (browser) => {
      await untilRow(browser, 'the row tells of the debugger', ({ label, description }) => label === name && /^(debugged|paused at debug_states)/.test(description));
      await clickEntry(browser, member, 'Detach Debugger', () => !watched.sessions.includes(session));
    });
    assert.ok(isAlive(member.pid));
    await untilRun(id, 'it still runs', (now) => named(now, name)?.state === 'running');
  }, { ...long, browserOnly: true });
}

test('debug Node: a breakpoint in a forked child, its session named as the process, Stop', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  await breakAt('debug_tree.cjs', 'count += 1');
  const id = await debug(configuration('debug_tree.cjs', { debugChildren: 'all', stopTimeout: 1 }));
  const stop = await until('the stop', () => watched.stops[0], 40_000);
  assert.match((await stackOf(stop.session, stop.thread))[0] ?? '', /tick:12$/);
  const report = await untilRun(id, 'all members live', (now) => now.members.filter(({ state, role }) => state === 'running' && role !== 'helper').length >= 4);
  const tick = report.members.find(({ argv }) => argv.includes('tick'));
  assert.equal(stop.session.name, `${tick?.name ?? ''} [${tick?.pid ?? 0}]`);
  await vscode.debug.stopDebugging();
  await until('nobody lives', () => report.members.every(({ pid }) => !isAlive(pid)), 20_000);
  await untilRun(id, 'the run is told as ended', ({ run }) => run.endedAt !== null);
}, long);

for (const kind of ['busy', 'idle', 'tick']) {
  test(`attach to Node: ${kind}, started without a debugger, and it lives on`, async (t) => {
    tidy(t);
    const watched = watchSessions(t);
    const id = await (await api()).launch({ program: configuration('debug_tree.cjs').program as string, console: 'internalConsole' });
    const report = await untilRun(id, 'all members live', (now) => now.members.filter(({ state }) => state === 'running').length >= 4, 30_000);
    const member = report.members.find(({ argv }) => argv.includes(kind));
    assert.ok(member);
    if (kind === 'tick') await breakAt('debug_tree.cjs', 'count += 1');
    await vscode.commands.executeCommand('procession.attachDebugger', { row: { kind: 'member', run: id, member } });
    const session = await until('the session', () => watched.sessions.find((one) => one.name === `${member.name} [${member.pid}]` && one.parentSession !== undefined));
    const threads = ((await session.customRequest('threads')) as { threads: { id: number }[] }).threads;
    if (kind === 'busy') await session.customRequest('pause', { threadId: threads[0]?.id });
    if (kind !== 'idle') {
      const stop = await until('the stop', () => watched.stops.find((one) => one.session.id === session.id));
      assert.match((await stackOf(session, stop.thread))[0] ?? '', kind === 'busy' ? /spin:8$/ : /tick:12$/);
    }
    await vscode.commands.executeCommand('procession.detachDebugger', { row: { kind: 'member', run: id, member } });
    await until('the session has ended', () => !watched.sessions.some((one) => one.name === session.name));
    assert.ok(isAlive(member.pid));
  }, long);
}

test('a breakpoint scoped to named members stops these only, and keeps the own condition of the person', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  const breakpoint = await breakAt('debug_children.py', 'doubled = number * 2', 'number > 0');
  await vscode.window.showTextDocument(breakpoint.location.uri);
  await t.look(async (browser) => {
    const command = vscode.commands.executeCommand('procession.breakInNamed', { uri: breakpoint.location.uri, lineNumber: breakpoint.location.range.start.line + 1 });
    await until('the question', async () => (await browser.texts('.quick-input-widget .quick-input-title')).some((text) => text.includes('Break in Members Named')));
    await browser.press('ControlOrMeta+a');
    await browser.type('*-2');
    await browser.press('Enter');
    await command;
    const id = await debug(configuration('debug_children.py', { args: ['fork'], debugChildren: 'all' }));
    const stop = await until('the stop of worker-2', () => watched.stops.find(({ session }) => session.name.startsWith('worker-2')), 40_000);
    await untilRun(id, 'worker-1 has ended', (now) => named(now, 'worker-1')?.state === 'exited' || watched.stops.some(({ session, reason }) => session.name.startsWith('worker-1') && reason === 'exception'));
    assert.deepEqual(watched.stops.filter(({ reason }) => reason === 'breakpoint').map(({ session }) => session.id), [stop.session.id]);
    await vscode.commands.executeCommand('procession.breakEverywhere', { uri: breakpoint.location.uri, lineNumber: breakpoint.location.range.start.line + 1 });
    assert.deepEqual(vscode.debug.breakpoints.map(({ condition }) => condition), ['number > 0']);
    await goOn(id);
  });
}, { ...long, browserOnly: true });

test('stacks of all members, taken while they run, merged, Python and Node', async (t) => {
  tidy(t);
  const { launch } = await api();
  const { program, python } = configuration('debug_states.py') as { program: string; python: string } & vscode.DebugConfiguration;
  const id = await launch({ program, python, console: 'internalConsole' });
  await untilRun(id, 'all members live', (now) => now.members.filter(({ state }) => state === 'running').length >= 5, 30_000);
  await vscode.commands.executeCommand('procession.showStacks');
  await t.look(async (browser) => {
    await until('the stacks', async () => {
      // They may be found while they start.
      await vscode.commands.executeCommand('procession.refreshStacks');
      const rows = await browser.rows('Stacks');
      for (const [label, description] of [['MainThread', '5 of them'], [' in spin', ''], ['debug_states.py:12 in blocked', 'waiter'], ['debug_states.py:16 in asleep', 'sleeper']] as const) {
        assert.ok(rows.some((row) => row.label.endsWith(label) && row.description.startsWith(description)), `${label} ${description} in ${rows.map((row) => `${row.label} ${row.description}`).join('; ')}`);
      }
      return true;
    }, 40_000);
  });
  const node = await launch({ program: configuration('debug_tree.cjs').program as string, console: 'internalConsole' });
  await untilRun(node, 'all members live', (now) => now.members.filter(({ state }) => state === 'running').length >= 4, 30_000);
  await vscode.commands.executeCommand('procession.showStacks');
  await t.look(async (browser) => {
    await until('the stack of the busy one', async () => {
      // It may be found while it starts.
      await vscode.commands.executeCommand('procession.refreshStacks');
      const rows = await browser.rows('Stacks');
      assert.ok(rows.some(({ label }) => label.includes('TCPServerWrap')), 'the idle one says what it waits for');
      assert.ok(rows.some(({ label, description }) => label === 'debug_tree.cjs:8 in spin' && description !== ''), rows.map((row) => `${row.label} ${row.description}`).join('; '));
      return true;
    }, 40_000);
  });
  for (const run of [id, node]) for (const { state } of (await reportOf(run)).members) assert.equal(state, 'running');
}, { ...long, browserOnly: true });

test('debugpy missing: one message with the command that installs it, and nothing is left', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  const { getRuns } = await api();
  const known = getRuns().length;
  const bare = await bareInterpreter();
  assert.equal(await vscode.debug.startDebugging(undefined, configuration('debug_children.py', { args: ['fork'], python: bare })).then(undefined, () => false), false);
  assert.equal(getRuns().length, known);
  assert.equal(watched.refusals.length, 1, watched.refusals.join('; '));
  assert.ok(watched.refusals[0]?.includes(`${bare} -m pip install --upgrade debugpy`), watched.refusals[0]);
  await until('no session is left', () => watched.sessions.length === 0);
}, long);

/** An environment without debugpy. */
async function bareInterpreter(): Promise<string> {
  const path = `${folder()}/bare`;
  await promisify(execFile)('python3', ['-m', 'venv', '--without-pip', path]);
  return `${path}/bin/python`;
}

test('the debug adapter is killed: the person is told, and the run is ended', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  const id = await debug(configuration('debug_states.py', { stopTimeout: 1 }));
  const report = await untilRun(id, 'all members live', (now) => now.members.filter(({ state }) => state === 'running').length >= 5, 40_000);
  const { stdout } = await promisify(execFile)('pgrep', ['-f', 'debugpy.adapter', '-P', String(process.pid)]);
  for (const pid of stdout.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
  await until('nobody lives', () => report.members.every(({ pid }) => !isAlive(pid)), 20_000);
  await until('the session has ended', () => watched.sessions.length === 0);
  assert.match(watched.output, /debug adapter ended unexpectedly \(killed by SIGKILL\)/);
}, long);

test('maxDebugSessions: what gets no session runs on, the tree says why, and it can be attached to', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  const id = await debug(configuration('debug_states.py', { debugChildren: 'all', maxDebugSessions: 2, stopTimeout: 1 }));
  await until('two children have sessions', () => watched.sessions.length === 3, 60_000);
  const report = await untilRun(id, 'all members live', (now) => now.members.filter(({ state }) => state === 'running').length >= 5, 40_000);
  const left = report.members.find(({ name, pid }) => ['spinner', 'waiter', 'sleeper', 'ticker'].includes(name) && !watched.sessions.some((session) => session.name.includes(`[${pid}]`)));
  assert.ok(left);
  await showView();
  await t.look(async (browser) => {
    await untilRow(browser, 'the reason', ({ label, description }) => label === left.name && description.startsWith('not attached: 2 sessions are open'));
  });
  await vscode.commands.executeCommand('procession.attachDebugger', { row: { kind: 'member', run: id, member: left } });
  await until('its session', () => watched.sessions.some(({ name }) => name === `${left.name} [${left.pid}]`));
  await vscode.debug.stopDebugging(watched.sessions.find(({ configuration: { request } }) => request === 'launch'));
  await untilRun(id, 'the run is told as ended', ({ run }) => run.endedAt !== null, 30_000);
}, long);
