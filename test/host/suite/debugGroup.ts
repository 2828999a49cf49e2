import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { breakAt, configuration, debug, watchSessions, type Watched } from '../debugging/session';
import { test, until, type TestContext } from '../inside/testing';
import { folder, isAlive, named, reportOf, tidy, untilRun } from './support';

const limit = { limit: 90_000, browserOnly: true };
const lens = '.codelens-decoration';

/** Three workers with sessions, and what the editor was told of them. */
async function crew(t: TestContext): Promise<{ id: string; watched: Watched; crewOf: () => vscode.DebugSession[]; ask: string }> {
  tidy(t);
  const watched = watchSessions(t);
  const ask = `${folder()}/asked-${Date.now()}`;
  const id = await debug(configuration('debug_crew.py', { args: [ask], debugChildren: 'all', stopTimeout: 1 }));
  const crewOf = (): vscode.DebugSession[] => watched.sessions.filter(({ name }) => name.startsWith('crew-'));
  await until('the sessions of the crew', () => crewOf().length === 3, 40_000);
  return { id, watched, crewOf, ask };
}

const stoppedIn = (watched: Watched, from: number): Set<string> => new Set(watched.stops.slice(from).map(({ session }) => session.name.slice(0, 6)));

test('several stop at one line: one notice; Pause All, Continue All But This, a new child like this, Stop All', async (t) => {
  const { id, watched, crewOf, ask } = await crew(t);
  const breakpoint = await breakAt('debug_crew.py', 'count += 1');
  await until('all three have stopped', () => stoppedIn(watched, 0).size === 3);
  await t.look(async (browser) => {
    const notices = await until('the notice', async () => {
      const found = (await browser.notifications()).filter((text) => /of 4 debugged processes are at debug_crew\.py:\d+/.test(text));
      return found.length > 0 && found;
    });
    assert.equal(notices.length, 1);
    await browser.press('Escape');
  });
  vscode.debug.removeBreakpoints([breakpoint]);
  await vscode.commands.executeCommand('procession.continueAll');
  let from = watched.stops.length;
  await vscode.commands.executeCommand('procession.pauseAll');
  await until('all three are paused', () => ['crew-0', 'crew-1', 'crew-2'].every((name) => stoppedIn(watched, from).has(name)));
  await vscode.commands.executeCommand('procession.continueAllButThis');
  from = watched.stops.length;
  await vscode.commands.executeCommand('procession.attachToNewLikeThis', { row: { kind: 'member', run: id, member: named(await reportOf(id), 'crew-0') } });
  await vscode.commands.executeCommand('procession.continueAll');
  writeFileSync(ask, '');
  await until('the fourth has its session', () => crewOf().some(({ name }) => name.startsWith('crew-3')), 30_000);
  const { members } = await reportOf(id);
  await vscode.commands.executeCommand('procession.stopAll');
  await until('nobody lives', () => members.every(({ pid }) => !isAlive(pid)));
  await until('no session is left', () => watched.sessions.length === 0);
}, limit);

test('breakpoints for one process and for the first that arrives stop nobody else; a CodeLens tells of the scope and removes it', async (t) => {
  const { id, watched } = await crew(t);
  const uri = vscode.Uri.file(`${folder()}/programs/debug_crew.py`);
  const document = await vscode.workspace.openTextDocument(uri);
  const line = document.getText().split('\n').findIndex((text) => text.includes('count += 1'));
  await vscode.window.showTextDocument(document);
  await vscode.commands.executeCommand('procession.breakFirst', { uri, lineNumber: line + 1 });
  await until('the first has stopped', () => watched.stops.length > 0);
  await t.look(async (browser) => {
    await until('the lens', async () => (await browser.texts(lens)).some((text) => text.includes('breaks only in the first process that arrives')));
    const first = watched.stops[0]?.session;
    assert.ok(first);
    await until('the session that has stopped is the active one, and so "this process"', () => vscode.debug.activeDebugSession?.id === first.id);
    await vscode.commands.executeCommand('procession.breakInThis', { uri, lineNumber: line + 1 });
    const pid = /\[(\d+)\]/.exec(first.name)?.[1] ?? '';
    await until('the other lens', async () => {
      const texts = await browser.texts(lens);
      assert.ok(texts.some((text) => text.includes(`breaks only in the process ${pid} `)), `${first.name}: ${texts.join()}; active: ${vscode.debug.activeDebugSession?.name}; ${vscode.debug.breakpoints.map((one) => one.condition).join()}`);
      return true;
    });
    const from = watched.stops.length;
    await vscode.commands.executeCommand('procession.continueAll');
    await until('it stops again', () => watched.stops.length > from);
    assert.deepEqual([...new Set(watched.stops.map(({ session }) => session.id))], [first.id]);
    await browser.click(`${lens} a`);
    await until('the condition is gone', () => vscode.debug.breakpoints.every(({ condition }) => condition === undefined));
    await until('the others stop too', () => stoppedIn(watched, from).size === 3);
  });
  await vscode.commands.executeCommand('procession.stopAll');
  await untilRun(id, 'the run is told as ended', ({ run }) => run.endedAt !== null, 20_000);
}, limit);
