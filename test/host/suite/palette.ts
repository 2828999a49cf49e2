import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { pidIn, type Browser } from '../browser';
import { test, until } from '../inside/testing';
import type { Report } from '../../../src/api';
import { api, example, isAlive, named, showView, startedBy, tidy, untilRow, untilRun, view } from './support';

/** What a person does with keyboard and mouse alone. */

const family = ['MainProcess', 'quiet', 'parent', 'grandchild', 'watcher'];
const everybody = (report: Report): boolean => family.every((name) => named(report, name)?.state === 'running');

const fromPalette = (browser: Browser, title: string): Promise<void> => browser.quickly('F1', title);

test('Run File from the palette draws the tree with its levels, and counts who is alive', async (context) => {
  tidy(context);
  await context.look(async (browser) => {
    await vscode.window.showTextDocument(vscode.Uri.file(example('programs/family.py')));
    const id = await startedBy(() => fromPalette(browser, 'Procession: Run File'));
    const report = await untilRun(id, 'the family', everybody);
    assert.equal(named(report, 'grandchild')?.parent, named(report, 'parent')?.id);
    const levels = await Promise.all(['MainProcess', 'quiet', 'parent', 'grandchild'].map(async (name) =>
      (await untilRow(browser, `the row of ${name}`, (row) => row.label === name && pidIn(row) === named(report, name)?.pid)).level));
    assert.deepEqual(levels, [2, 3, 3, 4]);
    await untilRow(browser, 'the row of the run', ({ level, description }) => level === 1 && description === 'running · 5 alive');
  });
}, { browserOnly: true });

test('Kill from the palette asks which process, and kills just that', async (context) => {
  tidy(context);
  const id = await (await api()).launch({ program: example('programs/family.py'), console: 'internalConsole' });
  await untilRun(id, 'the family', everybody);
  await context.look(async (browser) => {
    await fromPalette(browser, 'Procession: Kill (SIGKILL)');
    await until('the picker', async () => (await browser.picks()).some((entry) => entry.startsWith('watcher')));
    await browser.choosePick('watcher');
    await browser.press('Enter');
    const report = await untilRun(id, 'the watcher to end by SIGKILL', (found) => named(found, 'watcher')?.exit?.signal === 'SIGKILL');
    assert.equal(named(report, 'watcher')?.endedBy?.by, 'procession');
    for (const name of ['MainProcess', 'quiet', 'parent', 'grandchild']) assert.equal(named(report, name)?.state, 'running', name);
    await showView();
    await untilRow(browser, 'the end of the watcher', ({ label, description }) => label === 'watcher' && description.includes('−9 SIGKILL, killed by Procession'));
  });
}, { browserOnly: true });

test('Kill Subtree in the context menu ends a process with its children, and nobody else', async (context) => {
  tidy(context);
  const id = await (await api()).launch({ program: example('programs/family.py'), console: 'internalConsole' });
  const before = await untilRun(id, 'the family', everybody);
  await showView();
  await context.look(async (browser) => {
    // The rows of the test before may still be drawn, and a menu that is open while rows come and go may lose its row.
    const pid = String(named(before, 'grandchild')?.pid);
    await untilRow(browser, 'numbers of the grandchild', (row) => row.label === 'grandchild' && String(pidIn(row)) === pid && /%/.test(row.description));
    await browser.clickRow(view, 'parent');
    await browser.clickRow(view, 'parent', { button: 'right' });
    await browser.chooseMenu('Kill Subtree');
    const report = await untilRun(id, 'parent and grandchild to end', (found) => ['parent', 'grandchild'].every((name) => named(found, name)?.state === 'exited'));
    for (const name of ['MainProcess', 'quiet', 'watcher']) assert.equal(named(report, name)?.state, 'running', name);
    await until('the grandchild to be gone', () => !isAlive(named(before, 'grandchild')?.pid ?? 0));
  });
}, { browserOnly: true });

test('the Stop button of a run ends all of it', async (context) => {
  tidy(context);
  const id = await (await api()).launch({ name: 'The Family', program: example('programs/family.py'), console: 'internalConsole' });
  const before = await untilRun(id, 'the family', everybody);
  await showView();
  await context.look(async (browser) => {
    await untilRow(browser, 'the run', ({ label }) => label === 'The Family');
    await browser.clickInline(view, 'The Family', 'Stop');
    await untilRun(id, 'the end', (found) => found.run.endedAt !== null);
    await until('all to be gone from the process table', () => !before.members.some(({ pid }) => isAlive(pid)));
    await untilRow(browser, 'the end of the run', ({ label, description }) => label === 'The Family' && description.startsWith('ended'));
    await until('no badge', async () => (await browser.activities()).find(({ label }) => label.startsWith('Procession'))?.badge === '');
  });
}, { browserOnly: true });

test('Run Command… takes any command line, and Run Last Again repeats it', async (context) => {
  tidy(context);
  await context.look(async (browser) => {
    const first = await startedBy(async () => {
      await fromPalette(browser, 'Procession: Run Command…');
      await until('the question', async () => (await browser.texts('.quick-input-widget .quick-input-title')).some((text) => text.includes('Run Command')));
      await browser.press('ControlOrMeta+a');
      await browser.type('node -e "process.exit(3)"');
      await browser.press('Enter');
    });
    assert.equal((await untilRun(first, 'the end', (found) => found.run.exit)).run.exit?.code, 3);
    const second = await startedBy(() => fromPalette(browser, 'Procession: Run Last Again'));
    const { run } = await untilRun(second, 'the end', (found) => found.run.exit);
    assert.deepEqual([run.command, run.exit?.code], [['node', '-e', 'process.exit(3)'], 3]);
  });
}, { browserOnly: true });
