import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { pythonWithDebugpy } from '../debugging/debugpy';
import { breakAt, stackOf, watchSessions } from '../debugging/session';
import { test, until } from '../inside/testing';
import { example, showView, startedBy, tidy, untilRow, untilRun, view } from './support';
import { answer, choose, lensesOf, made, problems, workloadFile } from './workloadSupport';

const program = 'programs/workload_rows.py';
const failing = /^\s+raise ValueError/;

test('a workload from its lens: watched in the tree, looked at in the table, a failed task is a problem until it was run again', async (context) => {
  tidy(context);
  const file = example(program);
  const corrected = made(context, 'corrected');
  const workload = made(context, 'half.workload.json');
  await context.look(async (browser) => {
    await vscode.window.showTextDocument(vscode.Uri.file(file));
    const lenses = await until('the lenses', async () => {
      const found = await lensesOf(browser);
      return found.length > 0 && found;
    });
    assert.deepEqual(lenses, ['Run across cores | Debug one row'], 'one function takes a row, the other takes nothing');
    const id = await startedBy(async () => {
      await choose(browser, 'Run across cores');
      await answer(browser, 'Run half Across Cores', '0:60');
    });
    assert.deepEqual(JSON.parse(readFileSync(workload, 'utf8')), { run: { python: 'workload_rows.py:half' }, over: { range: [0, 60] } });
    await showView();
    await untilRow(browser, 'a worker with its row', ({ label, level, description }) => level === 2 && label.startsWith('worker') && /^row \d+ for .+ · \d+ done · .*\d+/.test(description));
    await untilRow(browser, 'the end', ({ label, description }) => label === 'half' && description.startsWith('1 failed'));
    await untilRow(browser, 'what came out', ({ label, description }) => label === '59 of 60 done' && description === '1 failed');
    await untilRow(browser, 'the failed task', ({ label, level, description }) => label === 'row 3' && level === 3 && description.startsWith('ValueError: three is bad · workload_rows.py:'));
    const line = readFileSync(file, 'utf8').split('\n').findIndex((text) => failing.test(text)) + 1;
    await until('the problem', () => problems(file).join() === `${line}: ValueError: three is bad (row 3 of half)`);

    await browser.clickInline(view, 'half', 'Open Results');
    await until('the rows', async () => (await browser.webviewTexts('.row:not(.head) .number')).slice(0, 4).join() === '0,1,2,3');
    await until('the summary', async () => /speed|× one worker/.test((await browser.webviewTexts('.summary')).join()));
    await browser.webviewSelect('select', 'failed');
    await until('the failed row alone', async () => (await browser.webviewTexts('.row:not(.head)')).length === 1);
    await browser.webviewClick('.row:not(.head)');
    await until('its traceback', async () => (await browser.webviewTexts('.detail pre')).some((text) => text.includes('raise ValueError')));
    writeFileSync(corrected, '');
    await browser.webviewClick('.detail button:has-text("Run Again")');
    await untilRow(browser, 'all done', ({ label, description }) => label === 'half' && description.startsWith('all done'));
    await until('no problem', () => problems(file).length === 0);
    await until('no failed row in the table', async () => (await browser.webviewTexts('.empty')).length === 1);
    assert.equal((await untilRun(id, 'the end of the runner', ({ run }) => run.endedAt !== null)).run.exit?.code, 0);
  });
}, { browserOnly: true });

test('one row of a workload stops at a breakpoint in its function', async (context) => {
  tidy(context);
  const watched = watchSessions(context);
  const file = example(program);
  workloadFile(context, 'debugged.workload.json', { run: { python: 'workload_rows.py:half', interpreter: pythonWithDebugpy() }, over: { rows: [8, 10, 12] } });
  await breakAt('workload_rows.py', 'return number / 2');
  await context.look(async (browser) => {
    const asked = vscode.commands.executeCommand('procession.debugRow', { file, name: 'half' });
    await answer(browser, 'Debug One Row of debugged.workload.json', '2');
    await asked;
    const stop = await until('the stop', () => watched.stops[0], 40_000);
    assert.match((await stackOf(stop.session, stop.thread))[0] ?? '', /^half:/);
    await stop.session.customRequest('continue', { threadId: stop.thread });
    await until('the result', () => watched.output.includes('6.0'), 20_000);
  });
}, { browserOnly: true, limit: 90_000 });

test('a workload as a task and by a launch configuration: its exit status is the number of failed tasks, its run is in the view', async (context) => {
  tidy(context);
  const workload = workloadFile(context, 'task.workload.json', { run: { python: 'workload_rows.py:half' }, over: { range: [0, 10] } });
  const task = (await vscode.tasks.fetchTasks({ type: 'procession' })).find(({ name }) => name === 'task');
  assert.ok(task, 'the task is offered');
  let status: number | undefined;
  const listening = vscode.tasks.onDidEndTaskProcess(({ exitCode }) => { status = exitCode; });
  context.after(() => listening.dispose());
  const first = await startedBy(() => vscode.tasks.executeTask(task));
  await until('the end of the task', () => status !== undefined);
  assert.equal(status, 1);
  assert.equal((await untilRun(first, 'its end', ({ run }) => run.endedAt !== null)).run.exit?.code, 1);
  const second = await startedBy(() => vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], { type: 'procession', request: 'launch', name: 'Workload', workload: join(dirname(workload), 'task.workload.json') }));
  assert.equal((await untilRun(second, 'its end', ({ run }) => run.endedAt !== null)).run.exit?.code, 1);
  assert.ok(existsSync(workload));
});
