import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { breakAt, configuration, debug, watchSessions } from '../debugging/session';
import { test, until } from '../inside/testing';
import { api, folder, tidy, untilRun } from './support';

const limit = { limit: 60_000 };

/** A folder with a package debugpy that does what its only line says. */
function fakeDebugpy(name: string, line: string): string {
  const path = `${folder()}/${name}`;
  mkdirSync(`${path}/debugpy`, { recursive: true });
  writeFileSync(`${path}/debugpy/__init__.py`, `${line}\n`);
  return path;
}

for (const [what, more, message] of [
  ['debugpy too old', () => ({ env: { PYTHONPATH: fakeDebugpy('old', '__version__ = "1.5.1"') } }), /debugpy 1\.5\.1 of .* is too old .*-m pip install --upgrade debugpy$/],
  ['debugpy broken', () => ({ env: { PYTHONPATH: fakeDebugpy('broken', 'raise RuntimeError("torn")') } }), /RuntimeError: torn.*--force-reinstall debugpy$/],
  ['interpreter not found', () => ({ python: '/nowhere/python' }), /\/nowhere\/python/],
] as const) {
  test(`${what}: one message that says what to do, and nothing is left`, async (t) => {
    tidy(t);
    const watched = watchSessions(t);
    const { getRuns } = await api();
    const known = getRuns().length;
    assert.equal(await vscode.debug.startDebugging(undefined, configuration('debug_kinds.py', { args: ['here'], ...more() })).then(undefined, () => false), false);
    assert.equal(getRuns().length, known);
    assert.equal(watched.refusals.length, 1, watched.refusals.join('; '));
    assert.match(watched.refusals[0] ?? '', message);
    await until('no session is left', () => watched.sessions.length === 0);
  }, limit);
}

test('a breakpoint in a file that is never loaded stops nobody; a program that has ended is not attached to, and the message says so', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  await breakAt('debug_children.py', 'doubled = number * 2');
  const id = await debug(configuration('debug_kinds.py', { args: ['here'] }));
  const report = await untilRun(id, 'the end', ({ run }) => run.endedAt !== null, 30_000);
  // debugpy answers so to what the editor asks at the moment of the end; nobody is shown it.
  const refusals = watched.refusals.filter((text) => !text.includes('disconnected unexpectedly'));
  assert.deepEqual([report.run.exit?.code, watched.stops.length, refusals], [0, 0, []]);
  await until('no session is left', () => watched.sessions.length === 0);
  await vscode.commands.executeCommand('procession.attachDebugger', { row: { kind: 'member', run: id, member: report.members[0] } });
  await t.look(async (browser) => {
    await until('the message', async () => (await browser.notifications()).some((text) => text.includes(`(pid ${report.members[0]?.pid ?? 0}) has ended.`)));
  });
  assert.equal(watched.sessions.length, 0);
}, limit);
