import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { scopedCondition } from '../../../src/debug/breakpoints/scopes';
import type { Browser } from '../browser';
import { breakAt, configuration, debug, stackOf, watchSessions, type Watched } from '../debugging/session';
import { test, until, type TestContext } from '../inside/testing';
import { folder, isAlive, named, reportOf, showView, tidy, untilRow, untilRun, view } from './support';

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

/** The files in which the crew counts, and what is asked of them: who runs on, and who stands still meanwhile. */
function counters(ask: string): { untilRunning: (names: readonly string[], standing?: readonly string[]) => Promise<void>; untilStill: (names: readonly string[]) => Promise<void> } {
  const count = (name: string): number => statSync(`${ask}.${name}`).size;
  return {
    untilRunning: async (names, standing = []) => {
      const still = standing.map(count);
      const before = names.map(count);
      await until(`${names.join()} run on`, () => names.every((name, index) => count(name) > (before[index] ?? 0) + 5));
      assert.deepEqual(standing.map(count), still, `${standing.join()} stay where they are`);
    },
    untilStill: async (names) => {
      // Nobody is left whose progress would be the clock: a dozen looks in which they could have counted on.
      let same: number[] = [];
      let looks = 0;
      await until(`${names.join()} stand still`, () => {
        const now = names.map(count);
        looks = now.every((size, index) => size === same[index]) ? looks + 1 : 0;
        same = now;
        return looks >= 12;
      });
    },
  };
}

async function clickNotice(browser: Browser, button: string): Promise<void> {
  // The mouse that has opened the list still shows the tooltip of what it clicked, over the buttons.
  await browser.hover('.notifications-center.visible .notifications-center-header-title');
  await browser.click(`.notifications-center.visible .monaco-button:text-is("${button}")`);
}

const all = ['crew-0', 'crew-1', 'crew-2'];

const untilNotice = (browser: Browser): Promise<string[]> => until('the notice', async () => {
  const found = (await browser.notifications()).filter((text) => /^3 of 4 debugged processes are at debug_crew\.py:\d+/.test(text));
  return found.length > 0 && found;
});

test('several stop at one line: one notice; Step This, Continue All, Pause All, Continue All But This do what they say', async (t) => {
  const { id, watched, ask } = await crew(t);
  const { untilRunning, untilStill } = counters(ask);
  const breakpoint = await breakAt('debug_crew.py', 'count += 1');
  const line = breakpoint.location.range.start.line + 1;
  await until('all three have stopped', () => stoppedIn(watched, 0).size === 3);
  const row = async (name: string): Promise<object> => ({ row: { kind: 'member', run: id, member: named(await reportOf(id), name) } });
  await t.look(async (browser) => {
    assert.equal((await untilNotice(browser)).length, 1);
    const focused = vscode.debug.activeDebugSession;
    const from = watched.stops.length;
    await clickNotice(browser, 'Step This');
    const step = await until('the step', () => watched.stops[from]);
    assert.deepEqual([step.reason, (await stackOf(step.session, step.thread))[0]], ['step', `work:${line + 1}`]);
    assert.equal(step.session.id, focused?.id, 'this one is what the editor shows');
    await untilStill(all);
    assert.equal(watched.stops.length, from + 1);
  });
  vscode.debug.removeBreakpoints([breakpoint]);
  await vscode.commands.executeCommand('procession.continueAll');
  await untilRunning(all);
  await vscode.commands.executeCommand('procession.pauseAll');
  await untilStill(all);
  await vscode.commands.executeCommand('procession.continueAllButThis', await row('crew-1'));
  await untilRunning(['crew-0', 'crew-2'], ['crew-1']);
  await vscode.commands.executeCommand('procession.continueAll');
  await untilRunning(all);
  // As the Call Stack calls it, for one of its entries.
  await vscode.commands.executeCommand('procession.pauseAll', 'an entry', { sessionId: watched.sessions.find(({ name }) => name.startsWith('crew-2'))?.id });
  await untilStill(all);
  await vscode.commands.executeCommand('procession.continueAllButThis', 1, { sessionId: watched.sessions.find(({ name }) => name.startsWith('crew-2'))?.id });
  await untilRunning(['crew-0', 'crew-1'], ['crew-2']);
  await vscode.commands.executeCommand('procession.continueAll');
  await untilRunning(all);
}, limit);

test('with debug.onStop "run" one that stops makes the others stand still; Continue All lets all run on', async (t) => {
  const { watched, ask } = await crew(t);
  const { untilRunning, untilStill } = counters(ask);
  const setting = vscode.workspace.getConfiguration('procession');
  await setting.update('debug.onStop', 'run', vscode.ConfigurationTarget.Global);
  t.after(() => setting.update('debug.onStop', undefined, vscode.ConfigurationTarget.Global));
  const breakpoint = await breakAt('debug_crew.py', 'count += 1', '__import__("multiprocessing").current_process().name == "crew-1"');
  await until('crew-1 has stopped', () => watched.stops.some(({ session, reason }) => session.name.startsWith('crew-1') && reason === 'breakpoint'));
  await untilStill(all);
  vscode.debug.removeBreakpoints([breakpoint]);
  await vscode.commands.executeCommand('procession.continueAll');
  await untilRunning(all);
}, limit);

test('with debug.onStop "run" one that is blocked can\'t pause; after Continue All it does not stop later either', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  const ask = `${folder()}/asked-${Date.now()}`;
  await debug(configuration('debug_blocked.py', { args: [ask], debugChildren: 'all', stopTimeout: 1 }));
  await until('the sessions of both', () => ['ticker', 'blocked'].every((start) => watched.sessions.some(({ name }) => name.startsWith(start))), 40_000);
  const { untilRunning, untilStill } = counters(ask);
  const setting = vscode.workspace.getConfiguration('procession');
  await setting.update('debug.onStop', 'run', vscode.ConfigurationTarget.Global);
  t.after(() => setting.update('debug.onStop', undefined, vscode.ConfigurationTarget.Global));
  const breakpoint = await breakAt('debug_blocked.py', 'counted.write');
  await until('the ticker and the root have stopped', () => new Set(watched.stops.map(({ session }) => session.id)).size === 2);
  await untilStill(['ticker']);
  vscode.debug.removeBreakpoints([breakpoint]);
  await vscode.commands.executeCommand('procession.continueAll');
  await untilRunning(['ticker']);
  writeFileSync(ask, '');
  await until('the blocked one is free', () => existsSync(`${ask}.blocked`));
  await untilRunning(['ticker', 'blocked']);
  assert.deepEqual(watched.stops.filter(({ session }) => session.name.startsWith('blocked')), []);
}, limit);

test('Show, Show in Debugger and a click on a paused row open the line where the member stands, and the call stack', async (t) => {
  const { watched } = await crew(t);
  const breakpoint = await breakAt('debug_crew.py', 'count += 1');
  const line = breakpoint.location.range.start.line + 1;
  const elsewhere = vscode.Uri.file(`${folder()}/programs/debug_kinds.py`);
  await until('all three have stopped', () => stoppedIn(watched, 0).size === 3);
  const opened = async (browser: Browser, how: string, act: () => Promise<void>, expected: number): Promise<void> => {
    await vscode.window.showTextDocument(elsewhere, { preview: false });
    await showView();
    await act();
    await until(`${how}: the file and the line`, () => {
      const editor = vscode.window.activeTextEditor;
      assert.deepEqual([editor?.document.uri.path.split('/').at(-1), (editor?.selection.active.line ?? 0) + 1], ['debug_crew.py', expected]);
      return true;
    });
    await until(`${how}: the call stack`, async () => (await browser.texts('.debug-call-stack .session .name')).some((text) => text.startsWith('crew-')));
  };
  await t.look(async (browser) => {
    await untilNotice(browser);
    await opened(browser, 'Show', () => clickNotice(browser, 'Show'), line);
    const from = watched.stops.length;
    const session = watched.sessions.find(({ name }) => name.startsWith('crew-2'));
    const stop = watched.stops.find((one) => one.session.id === session?.id);
    await session?.customRequest('next', { threadId: stop?.thread });
    await until('crew-2 has gone a step', () => watched.stops.slice(from).some((one) => one.session.id === session?.id));
    await showView();
    await untilRow(browser, 'the row tells it', ({ label, description }) => label === 'crew-2' && description.startsWith(`paused at debug_crew.py:${line + 1}`));
    await opened(browser, 'Show in Debugger', () => browser.clickInline(view, 'crew-2', 'Show in Debugger'), line + 1);
    await opened(browser, 'a click', () => browser.clickRow(view, 'crew-0'), line);
  });
}, limit);

test('Detach Debugger lets one child go, which runs on as the others do', async (t) => {
  const { id, watched, crewOf, ask } = await crew(t);
  await vscode.commands.executeCommand('procession.detachDebugger', { row: { kind: 'member', run: id, member: named(await reportOf(id), 'crew-0') } });
  await until('its session has ended', () => crewOf().length === 2);
  await counters(ask).untilRunning(all);
  await breakAt('debug_crew.py', 'count += 1');
  await until('the others stop', () => stoppedIn(watched, 0).size === 2);
  await counters(ask).untilRunning(['crew-0'], ['crew-1', 'crew-2']);
}, limit);

test('Attach Debugger to New Children Like This, Stop All', async (t) => {
  const { id, watched, crewOf, ask } = await crew(t);
  await vscode.commands.executeCommand('procession.attachToNewLikeThis', { row: { kind: 'member', run: id, member: named(await reportOf(id), 'crew-0') } });
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
    const name = first.name.replace(/ \[.*/, '');
    await until('the other lens', async () => {
      const texts = await browser.texts(lens);
      assert.ok(texts.some((text) => text.includes(`breaks only in ${name} `)), `${first.name}: ${texts.join()}; active: ${vscode.debug.activeDebugSession?.name}; ${vscode.debug.breakpoints.map((one) => one.condition).join()}`);
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

test('a breakpoint for one process holds for its counterpart in the next run; one that has none is freed with its run, and it is told', async (t) => {
  const first = await crew(t);
  const uri = vscode.Uri.file(`${folder()}/programs/debug_crew.py`);
  const lineNumber = (await vscode.workspace.openTextDocument(uri)).getText().split('\n').findIndex((text) => text.includes('count += 1')) + 1;
  await vscode.commands.executeCommand('procession.breakFirst', { uri, lineNumber });
  const { session } = await until('the first has stopped', () => first.watched.stops[0]);
  await until('its session is the active one, and so "this process"', () => vscode.debug.activeDebugSession?.id === session.id);
  await vscode.commands.executeCommand('procession.breakInThis', { uri, lineNumber });
  const [name = ''] = session.name.split(' ');
  await vscode.commands.executeCommand('procession.stopAll');
  await until('no session is left', () => first.watched.sessions.length === 0);
  const from = first.watched.stops.length;
  const second = await debug(configuration('debug_crew.py', { args: [`${folder()}/asked-${Date.now()}`], debugChildren: 'all', stopTimeout: 1 }));
  const stop = await until('the stop in the next run', () => first.watched.stops[from], 40_000);
  assert.ok(stop.session.name.startsWith(`${name} `), `${stop.session.name} for ${name}`);
  await until('all have their sessions', () => [0, 1, 2].every((at) => first.watched.sessions.some(({ name }) => name.startsWith(`crew-${at} `))));
  assert.deepEqual([...new Set(first.watched.stops.slice(from).map(({ session }) => session.id))], [stop.session.id]);
  vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
  vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(new vscode.Location(uri, new vscode.Position(lineNumber - 1, 0)), true, scopedCondition({ kind: 'pid', pid: named(await reportOf(second), name)?.pid ?? 0 }, 'count > 0', 'python'))]);
  await new Promise((done) => setTimeout(done, 1_000));
  assert.match(vscode.debug.breakpoints[0]?.condition ?? '', /only in the process \d+ of this run/, 'it stays as long as its run is on');
  await vscode.commands.executeCommand('procession.stopAll');
  await until('it is for all again', () => vscode.debug.breakpoints.length === 1 && vscode.debug.breakpoints[0]?.condition === 'count > 0');
  await t.look(async (browser) => {
    await until('the message', async () => (await browser.notifications()).some((text) => text.includes(`debug_crew.py:${lineNumber} was for the process`) && text.includes('It stops every process now.')));
  });
}, { limit: 120_000 });
