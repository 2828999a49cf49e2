import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { breakAt, configuration, debug, stackOf, watchSessions, type Watched } from '../debugging/session';
import { test, until } from '../inside/testing';
import { isAlive, showView, tidy, untilRun, view } from './support';

const limit = { limit: 90_000 };

const python = (): string => configuration('debug_mixed.py').python as string;

const nameOf = ({ name }: vscode.DebugSession): string => name.replace(/ \[\d+\].*$/, '');

/** Lets every session that stops go on, until the looks of `seen`, the lines of the stops, are enough. */
async function goOnUntil({ stops }: Watched, enough: (seen: readonly string[]) => void): Promise<void> {
  const seen: string[] = [];
  await until('all that begin with a first line', async () => {
    for (const { session, thread } of stops.splice(0)) {
      seen.push(`${nameOf(session)} ${(await stackOf(session, thread))[0] ?? ''}`);
      await session.customRequest('continue', { threadId: thread });
    }
    enough(seen);
    return true;
  }, 40_000);
}

const all = ['ticker', 'debug_mixed.cjs', 'debug_mixed.py', 'inner'];

for (const [root, launched, firstLines, others] of [
  ['debug_mixed.py', () => configuration('debug_mixed.py'), { inPython: 2, inNode: 1 }, all],
  ['debug_mixed.cjs', () => configuration('debug_mixed.cjs', { args: [python()] }), { inPython: 1, inNode: 1 }, ['debug_mixed.py', 'inner']],
  ['a shell', () => configuration('', { program: undefined, command: ['sh', '-c', '"$0" programs/debug_mixed.py; true', python()] }), { inPython: 2, inNode: 1 }, all],
] as const) {
  test(`debug a mixed program, root ${root}: every member gets a session before its first line, those below another language too`, async (t) => {
    tidy(t);
    const watched = watchSessions(t);
    await breakAt('debug_mixed.py', 'here = ');
    await breakAt('debug_mixed.cjs', 'let count = 0');
    const id = await debug({ ...launched(), debugChildren: 'all', stopTimeout: 1 });
    // Each that stops at its first line goes on, and so starts the next.
    await goOnUntil(watched, (seen) => {
      const inPython = seen.filter((place) => place.endsWith(' <module>:11')).length;
      assert.deepEqual({ inPython, inNode: seen.length - inPython }, firstLines, seen.join());
    });
    await untilRun(id, 'all members live', ({ members }) => members.some(({ name, state }) => name === 'inner' && state === 'running'), 30_000);
    await breakAt('debug_mixed.py', 'count += 1');
    await breakAt('debug_mixed.cjs', 'count += 1');
    await until('all have stopped', () => {
      const stopped = new Set(watched.stops.map(({ session }) => nameOf(session)));
      assert.ok(others.every((name) => stopped.has(name)), [...stopped].join());
      return true;
    }, 40_000);
    const report = await untilRun(id, "what debugpy itself has started is a helper", ({ members }) => members.every(({ name, role }) => name !== 'uname' || role === 'helper'));
    await vscode.commands.executeCommand('procession.stopAll');
    await until('nobody lives', () => report.members.every(({ pid }) => !isAlive(pid)), 20_000);
    await until('no session is left', () => watched.sessions.length === 0);
  }, limit);
}

test('debug a mixed program with childFilter: what does not fit runs on without a session, whatever its language', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  await breakAt('debug_mixed.py', 'count += 1');
  await breakAt('debug_mixed.cjs', 'count += 1');
  const id = await debug(configuration('debug_mixed.py', { debugChildren: 'match', childFilter: { name: '*.cjs' }, stopTimeout: 1 }));
  await until('the stop in Node', () => watched.stops.some(({ session }) => session.name.startsWith('debug_mixed.cjs')), 40_000);
  await untilRun(id, 'the one below lives', ({ members }) => members.some(({ name, state }) => name === 'inner' && state === 'running'), 30_000);
  await t.look(async (browser) => {
    for (const name of ['ticker', 'inner']) {
      await until(`the reason for ${name}`, async () => {
        // A stop brings the debugger's own view to the front.
        await showView();
        const rows = await browser.rows(view);
        assert.ok(rows.some(({ label, description }) => label === name && description.startsWith('not attached: does not fit childFilter')), rows.map(({ label, description }) => `${label} ${description}`).join('; '));
        return true;
      });
    }
  });
  assert.deepEqual([...new Set(watched.stops.map(({ session }) => nameOf(session)))], ['debug_mixed.cjs']);
  await vscode.commands.executeCommand('procession.stopAll');
  await until('no session is left', () => watched.sessions.length === 0);
}, limit);

test('stacks of a mixed program, some of it under a debugger, some of it paused: all in one tree', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  const id = await debug(configuration('debug_mixed.py', { stopTimeout: 1 }));
  const report = await untilRun(id, 'all members live', ({ members }) => members.some(({ name, state }) => name === 'inner' && state === 'running'), 40_000);
  const member = (name: string) => report.members.find((one) => one.name === name && one.role !== 'helper');
  // The Python child runs on under a debugger, Node is held at a breakpoint, the two below have no debugger.
  for (const name of ['ticker', 'debug_mixed.cjs']) await vscode.commands.executeCommand('procession.attachDebugger', { row: { kind: 'member', run: id, member: member(name) } });
  await breakAt('debug_mixed.cjs', 'count += 1');
  await until('the stop in Node', () => watched.stops.length > 0);
  await vscode.commands.executeCommand('procession.showStacks', { row: { kind: 'member', run: id, member: member('ticker') } });
  await t.look(async (browser) => {
    await until('the stacks', async () => {
      await vscode.commands.executeCommand('procession.refreshStacks');
      const rows = (await browser.rows('Stacks')).map(({ label, description }) => `${label} ${description}`);
      // The root, its child, Node, and the two below it.
      for (const wanted of [/^MainThread 5 of them$/, /^debug_mixed\.py:1[678] in tick /, /^debug_mixed\.cjs:7 in Timeout\.tick debug_mixed\.cjs \[\d+\]$/, /^debug_mixed\.py:27 waits for a process to end · MainProcess/]) {
        assert.ok(rows.some((row) => wanted.test(row)), `${wanted} in ${rows.join('; ')}`);
      }
      assert.ok(!rows.some((row) => row.includes('runpy.py')), 'the frames of the debugger that has started it are not the program\'s');
      return true;
    }, 40_000);
  });
  const after = await untilRun(id, 'nobody has ended', ({ members }) => members.filter(({ role, state }) => role !== 'helper' && state === 'running').length === 5);
  assert.ok(after);
  assert.deepEqual(watched.stops.map(({ reason }) => reason), ['breakpoint'], 'nobody was stopped for it');
  await vscode.commands.executeCommand('procession.stopAll');
  await until('no session is left', () => watched.sessions.length === 0);
}, { ...limit, browserOnly: true });
