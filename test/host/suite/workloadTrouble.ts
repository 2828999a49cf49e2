import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { breakAt, stackOf, watchSessions } from '../debugging/session';
import { isLive } from '../browser';
import { test, until } from '../inside/testing';
import { api, example, folder, isAlive, showView, startedBy, tidy, untilRow, untilRun, view } from './support';
import { answer, choose, content, lensesOf, lineOf, made, problems, saveAs, workloadFile } from './workloadSupport';

const python = { python: 'workload_rows.py:half' };
const run = (file: string): Promise<string> => startedBy(() => vscode.commands.executeCommand('procession.runAcrossCores', vscode.Uri.file(file)));

test('a workload of Node: its failed row is a problem at its line, the table is exported as it is shown', async (context) => {
  tidy(context);
  const target = made(context, 'exported.csv');
  const lines = made(context, 'exported.jsonl');
  const file = workloadFile(context, 'thirds.workload.json', { run: { node: 'workload_rows.mjs:third' }, over: { range: [0, 12] } });
  await context.look(async (browser) => {
    await run(file);
    await showView();
    await untilRow(browser, 'the failed task', ({ label, description }) => label === 'row 4' && description === `RangeError: four is bad · workload_rows.mjs:${lineOf('programs/workload_rows.mjs', /throw new RangeError/)}`);
    await until('the problem', () => problems(example('programs/workload_rows.mjs')).join() === `${lineOf('programs/workload_rows.mjs', /throw new RangeError/)}: RangeError: four is bad (row 4 of thirds)`);
    await browser.clickInline(view, 'thirds', 'Open Results');
    await until('the rows', async () => (await browser.webviewTexts('.row:not(.head) .number')).length === 12);
    await browser.webviewClick('.head button:has-text("Row")');
    await until('the last first', async () => (await browser.webviewTexts('.row:not(.head) .number'))[0] === '11');
    await browser.webviewClick('button:has-text("Export")');
    await saveAs(browser, 'Export Results', target);
    await until('the file', () => content(target).split('\n').length === 14);
    const [head, first, ...rest] = content(target).trimEnd().split('\n');
    assert.equal(head, 'index,row,status,value,error,us');
    assert.match(first ?? '', /^11,11,done,3\.66\d+,,\d+$/);
    assert.ok(rest.some((line) => /^4,4,failed,,RangeError: four is bad,\d+$/.test(line)), content(target));
    await until('it is told', async () => (await browser.notifications()).some((text) => text.startsWith('12 results were written to ')));
    await browser.press('Escape');
    await browser.webviewSelect('select', 'failed');
    await until('the failed row alone', async () => (await browser.webviewTexts('.row:not(.head)')).length === 1);
    await browser.webviewClick('button:has-text("Export")');
    await saveAs(browser, 'Export Results', lines);
    await until('the file', () => content(lines).endsWith('\n'));
    const results = content(lines).trimEnd().split('\n').map((line) => JSON.parse(line) as { index: number; error: { line: number } });
    assert.deepEqual(results.map(({ index, error }) => [index, error.line]), [[4, lineOf('programs/workload_rows.mjs', /throw new RangeError/)]]);
  });
}, { browserOnly: true });

test('one row of a Node workload stops at a breakpoint in its function', async (context) => {
  tidy(context);
  const watched = watchSessions(context);
  workloadFile(context, 'third.workload.json', { run: { node: 'workload_rows.mjs:third' }, over: { rows: [6, 9, 15] } });
  await breakAt('workload_rows.mjs', 'return number / 3');
  await context.look(async (browser) => {
    const asked = vscode.commands.executeCommand('procession.debugRow', { file: example('programs/workload_rows.mjs'), name: 'third' });
    await answer(browser, 'Debug One Row of third.workload.json', '2');
    await asked;
    const stop = await until('the stop', () => watched.stops[0], 40_000);
    assert.match((await stackOf(stop.session, stop.thread))[0] ?? '', /^third:/);
    await stop.session.customRequest('continue', { threadId: stop.thread });
    await until('the result', () => /^5$/m.test(watched.output), 20_000);
  });
}, { browserOnly: true, limit: 90_000 });

test('the progress of a workload as a notification, whose Cancel stops it', async (context) => {
  tidy(context);
  const settings = vscode.workspace.getConfiguration('procession');
  await settings.update('workloadProgress', 'notification', vscode.ConfigurationTarget.Global);
  context.after(() => settings.update('workloadProgress', undefined, vscode.ConfigurationTarget.Global));
  const file = workloadFile(context, 'long.workload.json', { run: python, over: { range: [10, 1000] } });
  await context.look(async (browser) => {
    const id = await run(file);
    await until('the progress', async () => (await browser.notifications()).some((text) => /^long: \d+ of 990 done · .*ETA/.test(text)));
    await browser.click('.notifications-center .notification-list-item:has-text("of 990 done") .monaco-button:has-text("Cancel"), .notifications-center .notification-list-item:has-text("of 990 done") .action-label[aria-label*="Cancel"]');
    await showView();
    await untilRow(browser, 'it has stopped', ({ label, description }) => label === 'long' && description.startsWith('stopped'));
    await until('the notification is gone', async () => !(await browser.notifications()).some((text) => /running/.test(text)));
    assert.equal((await untilRun(id, 'its end', ({ run: { endedAt } }) => endedAt !== null)).run.exit?.code, 130);
  });
}, { browserOnly: true });

test('a workload that is over at once leaves no progress behind, and its table tells a screen reader what came out', async (context) => {
  tidy(context);
  const settings = vscode.workspace.getConfiguration('procession');
  await settings.update('workloadProgress', 'notification', vscode.ConfigurationTarget.Global);
  context.after(() => settings.update('workloadProgress', undefined, vscode.ConfigurationTarget.Global));
  const file = workloadFile(context, 'short.workload.json', { run: python, over: { rows: [] } });
  await context.look(async (browser) => {
    for (let time = 1; time <= 3; time++) await untilRun(await run(file), 'its end', ({ run: { endedAt } }) => endedAt !== null);
    await until('no progress', async () => (await browser.notifications()).length > 0 && (await browser.texts('.notifications-center .notification-list-item .monaco-progress-container.active')).length === 0, 5_000);
    await browser.press('Escape');
    await vscode.commands.executeCommand('procession.openResults', (await api()).getRuns().at(-1)?.run.id);
    await until('what is said', async () => (await browser.webviewTexts('[role="status"].spoken')).join().startsWith('short: all done'));
    assert.deepEqual(await browser.webviewTexts('.counts[role="status"]'), []);
  });
}, { browserOnly: true });

test('a workload whose runner is killed: the tree says so, nothing is left, Resume goes on', async (context) => {
  tidy(context);
  const file = workloadFile(context, 'killed.workload.json', { run: python, over: { range: [10, 60] }, workers: 2 });
  await context.look(async (browser) => {
    const id = await run(file);
    await showView();
    await untilRow(browser, 'some are done', ({ label }) => /^([5-9]|\d\d) of 50 done$/.test(label));
    const { members } = await untilRun(id, 'its workers', (report) => report.members.filter(({ role, state }) => role === 'worker' && state === 'running').length === 2);
    const root = members.find(({ role }) => role === 'root');
    assert.ok(root);
    process.kill(root.pid, 'SIGKILL');
    await untilRow(browser, 'it is told', ({ label, description }) => label === 'killed' && description.startsWith('interrupted: its runner has gone'));
    await until('nothing is left', () => members.every(({ pid }) => !isAlive(pid)));
    await until('no worker is shown as living', async () => (await browser.rows(view)).every((row) => !row.label.startsWith('worker') || !isLive(row)));
    await until('the window says so', async () => (await browser.notifications()).some((text) => text.startsWith('killed: its runner was ended from outside. Nothing is lost')));
    await browser.click('.notifications-center .monaco-button:has-text("Resume")');
    await untilRow(browser, 'all is done', ({ label, description }) => label === 'killed' && /^all done · last run /.test(description));
    await untilRow(browser, 'every row', ({ label }) => label === '50 of 50 done');
  });
}, { browserOnly: true, limit: 90_000 });

test('a workload that a terminal outside has started is in the view, and can be stopped there', async (context) => {
  tidy(context);
  const cli = join(vscode.extensions.getExtension('procession.procession')?.extensionPath ?? '', 'dist', 'cli.js');
  await context.look(async (browser) => {
    await showView();
    const child = spawn(process.execPath, [cli, 'map', '--python', 'workload_rows.py:half', '--range', '10:1000'], { cwd: join(folder(), 'programs'), stdio: 'ignore', env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } });
    const ended = new Promise((done) => child.on('exit', done));
    context.after(() => child.kill('SIGKILL'));
    await untilRow(browser, 'its run', ({ label, description }) => label.includes('workload_rows.py:half') && description === 'running');
    await untilRow(browser, 'a worker with its row', ({ label, description }) => label.startsWith('worker') && /^row \d+ for /.test(description));
    await browser.quickly('F1', 'Procession: Stop');
    assert.equal(await ended, 130);
    await untilRow(browser, 'its end', ({ label, description }) => label.includes('workload_rows.py:half') && description.startsWith('stopped'));
  });
}, { browserOnly: true });

test('TypeScript has lenses where the Node of its workload runs it', async (context) => {
  tidy(context);
  const typed = example('programs/workload_typed.mts');
  assert.ok(process.env.PROCESSION_TEST_NODE_20 && process.env.PROCESSION_TEST_NODE_24, 'both versions of Node are installed');
  await context.look(async (browser) => {
    await vscode.window.showTextDocument(vscode.Uri.file(typed));
    const workload = { run: { node: 'workload_typed.mts:typed', interpreter: process.env.PROCESSION_TEST_NODE_20 }, over: { rows: [{ size: 1 }, { size: 2 }] } };
    workloadFile(context, 'typed.workload.json', workload);
    await vscode.commands.executeCommand('procession.runAcrossCores', vscode.Uri.file(join(folder(), 'programs', 'typed.workload.json')));
    await until('what to do', async () => (await browser.notifications()).some((text) => /workload_typed\.mts is TypeScript, which Node 20\S* does not run\. Name a Node from 22\.18 on/.test(text)));
    assert.deepEqual(await lensesOf(browser), []);
    workloadFile(context, 'typed.workload.json', { ...workload, run: { ...workload.run, interpreter: process.env.PROCESSION_TEST_NODE_24 } });
    await until('the lenses', async () => (await lensesOf(browser)).join() === 'Run across cores | Debug one row');
    await choose(browser, 'Run across cores');
    await showView();
    await untilRow(browser, 'the failed task', ({ label, description }) => label === 'row 1' && description === 'RangeError: 2 is bad · workload_typed.mts:7');
  });
}, { browserOnly: true });
