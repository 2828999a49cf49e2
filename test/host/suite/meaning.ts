import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { HumanError } from '../../../src/core/errors';
import { withAll } from '../../../src/views/commands/commandErrors';
import type { Browser } from '../browser';
import { test, until } from '../inside/testing';
import { api, folder, isAlive, reportOf, selectBoth, showView, startedBy, tidy, untilRow, untilRun, view } from './support';
import { made, workloadFile } from './workloadSupport';

/** What a command is meant for: the rows that are selected, one that was lost, or none. */

const runRow = (id: string): unknown => ({ row: { kind: 'run', report: { run: { id } } } });
const start = (file: string): Promise<string> => startedBy(() => vscode.commands.executeCommand('procession.runAcrossCores', vscode.Uri.file(file)));

/** A question that is just being opened does not hear of the key. */
async function giveUp(browser: Browser, asked: Thenable<unknown>): Promise<void> {
  let isOver = false;
  void asked.then(() => (isOver = true));
  await until('the question to go', async () => {
    await browser.press('Escape');
    return isOver;
  });
}

test('failed tasks: those selected are run again together, and a row that was lost is asked for', async (context) => {
  tidy(context);
  writeFileSync(made(context, 'odd.py'), `
import os

def odd(number):
    if number % 2 and not os.path.exists(os.path.join(os.path.dirname(__file__), f'allowed-{number}')):
        raise ValueError(f'{number} is odd')
    return number
`);
  const file = workloadFile(context, 'odd.workload.json', { run: { python: 'odd.py:odd' }, over: { range: [0, 8] } });
  const id = await start(file);
  await showView();
  const failed = (rows: string) => (browser: Browser): Promise<boolean> => until(`${rows} to be left`, async () => {
    const labels = (await browser.rows(view)).map(({ label }) => label).filter((label) => label.startsWith('row '));
    return labels.join() === rows;
  });
  await context.look(async (browser) => {
    await failed('row 1,row 3,row 5,row 7')(browser);
    for (const number of [1, 3, 5]) writeFileSync(made(context, `allowed-${number}`), '');
    await selectBoth(browser, 'row 1', 'row 5');
    await browser.clickMenu(view, 'row 5', 'Run Task Again');
    await failed('row 3,row 7')(browser);
    // This is what the editor passes for a row that it does not know at the moment.
    for (const command of ['debugRow', 'retryTask']) {
      const asked = vscode.commands.executeCommand(`procession.${command}`, undefined, undefined);
      await until('the question', async () => (await browser.picks()).filter((pick) => pick.startsWith('row ')).length === 2);
      if (command === 'retryTask') await browser.choosePick('row 3');
      else await giveUp(browser, asked);
      await asked;
    }
    await failed('row 7')(browser);
    await untilRun(id, 'the end of the runner', ({ run }) => run.endedAt !== null);
  });
}, { browserOnly: true, limit: 90_000 });

test('Stop Workload Now: a row that was lost is asked for, several that are selected are all meant', async (context) => {
  tidy(context);
  const [left, middle, right] = ['left', 'middle', 'right'].map((name) => workloadFile(context, `${name}.workload.json`, { run: { python: 'workload_rows.py:half' }, over: { range: [10, 5000] }, workers: 1 }));
  assert.ok(left && middle && right);
  const ids = [await start(left), await start(middle), await start(right)] as const;
  await showView();
  await context.look(async (browser) => {
    for (const name of ['left', 'middle', 'right']) await untilRow(browser, `${name} to run`, ({ label, description }) => label === name && description.startsWith('running'));
    await browser.clickRow(view, 'left');
    const stopped = vscode.commands.executeCommand('procession.stopWorkloadNow', undefined, undefined);
    await until('the question', async () => (await browser.picks()).includes('middle'));
    await browser.choosePick('middle');
    await stopped;
    await untilRun(ids[1], 'the end of the one that was picked', ({ run }) => run.endedAt !== null);
    assert.deepEqual(await Promise.all([ids[0], ids[2]].map(async (id) => (await reportOf(id)).run.endedAt)), [null, null]);
    await selectBoth(browser, 'right', 'left');
    await browser.clickMenu(view, 'left', 'Stop Workload Now');
    for (const id of [ids[0], ids[2]]) await untilRun(id, 'the end of both', ({ run }) => run.endedAt !== null);
  });
}, { browserOnly: true, limit: 90_000 });

test('Stop from the palette means what lives, though a run is selected that has ended', async (context) => {
  tidy(context);
  const { launch } = await api();
  const ended = await launch({ name: 'Over', command: ['true'], console: 'internalConsole' });
  await untilRun(ended, 'its end', ({ run }) => run.endedAt !== null);
  await showView();
  await context.look(async (browser) => {
    await untilRow(browser, 'its row', ({ label, description }) => label === 'Over' && description.startsWith('ended'));
    await browser.clickRow(view, 'Over');
    const id = await launch({ name: 'On', command: ['sleep', '60'], console: 'internalConsole' });
    await untilRun(id, 'the other to run', ({ members }) => members.some(({ state }) => state === 'running'));
    await untilRow(browser, 'its row', ({ label }) => label === 'On');
    await browser.quickly('F1', 'Procession: Stop');
    await untilRun(id, 'its end', ({ run }) => run.endedAt !== null);
  });
}, { browserOnly: true });

const stubborn = `
import signal, time
for name in ('SIGINT', 'SIGTERM'):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
print('ready', flush=True)
time.sleep(60)
`;

test('Stop on several runs signals all of them at once: one that obeys does not wait for one that does not', async (context) => {
  tidy(context);
  const configuration = vscode.workspace.getConfiguration('procession');
  await configuration.update('stopTimeout', 1, vscode.ConfigurationTarget.Workspace);
  context.after(() => configuration.update('stopTimeout', undefined, vscode.ConfigurationTarget.Workspace));
  const { launch } = await api();
  const rock = await launch({ command: ['python3', '-c', stubborn], cwd: folder(), console: 'internalConsole' });
  const reed = await launch({ command: ['sleep', '60'], cwd: folder(), console: 'internalConsole' });
  const member = (await untilRun(rock, 'the stubborn one', ({ members }) => members.some(({ role, state }) => role === 'root' && state === 'running'))).members.find(({ role }) => role === 'root');
  await until('its handlers', () => /^SigIgn:.*[4-7c-f]...$/m.test(readFileSync(`/proc/${member?.pid ?? 0}/status`, 'utf8')));
  await untilRun(reed, 'the other', ({ members }) => members.some(({ state }) => state === 'running'));
  await vscode.commands.executeCommand('procession.stop', runRow(rock), [runRow(rock), runRow(reed)]);
  const ends = await Promise.all([rock, reed].map(async (id) => (await reportOf(id)).run.endedAt ?? Infinity)) as [number, number];
  assert.ok(ends[1] < ends[0], `${ends.join()}: the one that obeys ends first`);
  assert.equal(isAlive(member?.pid ?? 0), false);
});

test('what goes wrong with several is told together, and a bug is not hidden by it', async () => {
  const done: string[] = [];
  const act = (name: string): void => {
    if (name.startsWith('bad')) throw new HumanError(`${name} is bad`);
    if (name === 'bug') throw new TypeError(name);
    done.push(name);
  };
  await assert.rejects(withAll(['bad 1', 'good', 'bad 2'], act), { name: 'HumanError', message: 'bad 1 is bad\nbad 2 is bad' });
  await assert.rejects(withAll(['bad 1', 'bug', 'fine'], act), TypeError);
  assert.deepEqual(done, ['good', 'fine']);
});
