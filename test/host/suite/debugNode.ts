import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { breakAt, configuration, debug, watchSessions } from '../debugging/session';
import { test, until } from '../inside/testing';
import type { Report } from '../../../src/api';
import { showView, tidy, untilRun, view } from './support';

const long = { limit: 60_000 };

for (const [what, more, wanted, reason] of [
  ['childFilter by argv', { debugChildren: 'match', childFilter: { argv: 'second' } }, 1, 'does not fit childFilter'],
  ['childFilter by rank', { debugChildren: 'match', childFilter: { rank: 1 } }, 1, 'does not fit childFilter'],
  ['childFilter by target', { debugChildren: 'match', childFilter: { target: 'programs/*_tree.cjs' } }, 1, 'does not fit childFilter'],
  ['maxDebugSessions', { debugChildren: 'all', maxDebugSessions: 2 }, 2, '2 sessions are open'],
] as const) {
  test(`debug Node: ${what}: the other children run on, and the tree says why they are not attached`, async (t) => {
    tidy(t);
    const watched = watchSessions(t);
    for (const program of ['debug_trio.cjs', 'debug_tree.cjs']) await breakAt(program, 'count += 1');
    const id = await debug(configuration('debug_trio.cjs', { ...more, stopTimeout: 1 }));
    const stopped = (): Set<string> => new Set(watched.stops.filter(({ session }) => watched.sessions.includes(session)).map(({ session }) => session.id));
    await until('those that are wanted have stopped', () => stopped().size === wanted, 30_000);
    const report = await untilRun(id, 'all members live', (now) => now.members.filter(({ state, role }) => state === 'running' && role !== 'helper').length >= 4);
    await t.look(async (browser) => {
      await until('the reason', async () => {
        // A stop brings the debugger's own view to the front.
        await showView();
        return (await browser.rows(view)).some(({ description }) => description.startsWith(`not attached: ${reason}`));
      });
    });
    await untilRun(id, 'all still live', (now) => now.members.filter(({ state, role }) => state === 'running' && role !== 'helper').length === 4);
    assert.equal(report.members.filter(({ pid }) => watched.sessions.some(({ name }) => name.includes(`[${pid}]`))).length, wanted + 1, watched.sessions.map(({ name }) => name).join());
    const chosen = report.members.filter(({ pid, role }) => role !== 'root' && watched.sessions.some(({ name }) => name.includes(`[${pid}]`)));
    if (what !== 'maxDebugSessions') assert.deepEqual(chosen.map(({ rank }) => rank), [what === 'childFilter by target' ? 2 : 1]);
    await vscode.debug.stopDebugging();
    await untilRun(id, 'the run is told as ended', ({ run }) => run.endedAt !== null, 20_000);
  }, long);
}

for (const console of ['internalConsole', 'integratedTerminal']) {
  for (const [how, code, signal] of [['3', 3, null], ['143', 143, null], ['SIGTERM', null, 'SIGTERM'], ['SIGKILL', null, 'SIGKILL']] as const) {
    test(`debug Node: how the root ended is told by who started it: ${how}, ${console}`, async (t) => {
      tidy(t);
      const watched = watchSessions(t);
      const id = await debug(configuration('debug_exit.cjs', { args: [how], console }));
      const { run: { exit } } = await untilRun(id, 'the end', ({ run }) => run.endedAt !== null && run.exit?.source === 'launcher', 30_000);
      assert.deepEqual([exit?.code, exit?.signal], [code, signal], watched.output);
    });
  }
}

test('debug Node: a child that was attached to on demand is let go, and neither it nor the run ends', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  const id = await debug(configuration('debug_tree.cjs', { stopTimeout: 1 }));
  const lives = (): Promise<Report> => untilRun(id, 'all members live', ({ members }) => members.filter(({ state, role }) => state === 'running' && role !== 'helper').length === 4, 30_000);
  const { members } = await lives();
  const member = members.find(({ argv }) => argv.includes('tick'));
  const breakpoint = await breakAt('debug_tree.cjs', 'count += 1');
  await vscode.commands.executeCommand('procession.attachDebugger', { row: { kind: 'member', run: id, member } });
  const { session } = await until('the stop', () => watched.stops[0], 30_000);
  vscode.debug.removeBreakpoints([breakpoint]);
  await vscode.commands.executeCommand('procession.detachDebugger', { row: { kind: 'member', run: id, member } });
  await until('its session has ended', () => !watched.sessions.some(({ name }) => name === session.name));
  let looks = 0;
  await until('nobody ends of it', async () => {
    await lives();
    return ++looks > 12;
  });
  await vscode.commands.executeCommand('procession.stopAll');
  const { run: { exit } } = await untilRun(id, 'the end', ({ run }) => run.endedAt !== null && run.exit !== null, 20_000);
  assert.deepEqual([exit?.signal, exit?.source], ['SIGINT', 'launcher']);
}, long);
