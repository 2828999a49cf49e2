import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { test, until } from '../inside/testing';
import { api, example, named, showView, tidy, untilRow, untilRun } from './support';
import { lineOf, problems } from './workloadSupport';

const program = 'programs/hung_pool.py';

/** Has runs looked at after `seconds` of quiet, until the test is over. */
async function looking(seconds: number, after: (act: () => unknown) => void): Promise<void> {
  const settings = vscode.workspace.getConfiguration('procession');
  await settings.update('insight.hangAfter', seconds, vscode.ConfigurationTarget.Global);
  after(() => settings.update('insight.hangAfter', undefined, vscode.ConfigurationTarget.Global));
}

test('a pool that hangs becomes a row, a problem at its line and one notification, whose Show opens that line; Stop takes them away', async (context) => {
  tidy(context);
  await looking(1, (act) => context.after(act));
  await showView();
  const file = example(program);
  const id = await (await api()).launch({ name: 'Pool', program: file, console: 'internalConsole' });
  const { findings, members } = await untilRun(id, 'the finding', ({ findings: found }) => found.length > 0, 40_000);
  assert.deepEqual(findings.map(({ rule, certainty }) => `${rule} ${certainty}`), ['lost-task proved']);
  const line = findings[0]?.sites[0]?.line ?? 0;
  assert.ok([lineOf(program, /pool\.map/), lineOf(program, /os\._exit/)].includes(line), `line ${line} of ${JSON.stringify(findings[0])}`);
  await until('the problem', () => problems(file).length === 1);
  assert.ok(problems(file)[0]?.startsWith(`${line}: `), problems(file)[0]);
  await context.look(async (browser) => {
    await untilRow(browser, 'the finding', ({ label, description }) => label === findings[0]?.title && description === `hung_pool.py:${line}`);
    await untilRow(browser, 'what the root waits for', ({ description }) => /^waits for a result of its pool, hung_pool\.py:\d+ · /.test(description));
    const told = async (): Promise<string[]> => (await browser.notifications()).filter((text) => text.includes('can\'t go on'));
    await until('the notification', async () => (await told()).length === 1);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await browser.hover('.notifications-center.visible .notifications-center-header-title');
    await browser.click('.notifications-center.visible .monaco-button:text-is("Show")');
    await until('the line', () => vscode.window.activeTextEditor?.document.uri.fsPath === file && vscode.window.activeTextEditor.selection.active.line === line - 1);
    await new Promise((done) => setTimeout(done, 3_000));
    assert.deepEqual(await told(), [], 'nothing is said twice');
  });
  await vscode.commands.executeCommand('procession.stop', { row: { kind: 'run', report: { run: { id } } } });
  await untilRun(id, 'its end', ({ run }) => run.endedAt !== null);
  await until('the problem to go', () => problems(file).length === 0);
  assert.ok(members.length > 0);
}, { limit: 90_000 });

test('a row says which task its worker runs, and a person is asked before it is killed in the middle of that', async (context) => {
  tidy(context);
  const id = await (await api()).launch({ program: example('programs/images.py'), console: 'internalConsole' });
  const { members } = await untilRun(id, 'the pool', (report) => report.members.filter(({ role, state }) => role === 'worker' && state === 'running').length === 4);
  const worker = members.find(({ role }) => role === 'worker');
  assert.ok(worker);
  await showView();
  await context.look(async (browser) => {
    await untilRow(browser, 'what it does', ({ description }) => description.startsWith('scale(\'a.png\') · '));
    await vscode.commands.executeCommand('procession.kill', { row: { kind: 'member', run: id, member: worker } });
    // VS Code shows no dialogs to tests; it tells that there would be one, and that answers it with no.
    await until('the question', async () => (await browser.notifications()).some((text) => text.includes('Kill would break what others wait for.')));
    assert.equal(named(await untilRun(id, 'the worker', () => true), worker.name)?.state, 'running');
  });
}, { browserOnly: true });

test('Explain says in a document why a run hangs', async (context) => {
  tidy(context);
  const id = await (await api()).launch({ name: 'Pool', program: example(program), console: 'internalConsole' });
  await untilRun(id, 'the loss', ({ members }) => members.some(({ exit }) => exit?.code === 1));
  await until('the explanation', async () => {
    await vscode.commands.executeCommand('procession.explain', { row: { kind: 'run', report: { run: { id } } } });
    return /^Proved \(lost-task/.test(vscode.window.activeTextEditor?.document.getText() ?? '');
  }, 30_000);
}, { limit: 60_000 });
