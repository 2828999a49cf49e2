import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { liveRunsFolder } from '../../../src/observe/record/runDirectory';
import { configuration, debug } from '../debugging/session';
import { test, until } from '../inside/testing';
import { api, folder, tidy, untilRun } from './support';

/** What Show Output shows, and says where there is nothing to show. */

const python = (code: string): string[] => ['python3', '-c', code];

test('what a member printed stays in its editor when its run has ended and is kept elsewhere', async (context) => {
  tidy(context);
  const id = await (await api()).launch({ command: python("print('one', flush=True); input(); print('two', flush=True)"), cwd: folder() });
  const report = await untilRun(id, 'the program', ({ members }) => members.some(({ runtime, state }) => runtime === 'python' && state === 'running'));
  const run = { row: { kind: 'member', run: id, member: report.members.find(({ runtime }) => runtime === 'python') } };
  const document = await until('its output', async () => {
    await vscode.commands.executeCommand('procession.showOutput', run);
    return vscode.window.activeTextEditor?.document.getText().includes('one') && vscode.window.activeTextEditor.document;
  });
  const terminal = await until('the terminal', () => vscode.window.terminals.find(({ name }) => name === 'python3'));
  terminal.sendText('');
  await untilRun(id, 'the end', (found) => found.run.endedAt !== null);
  await until('the run to be moved', () => !existsSync(join(liveRunsFolder(), id)));
  // The editor hears of the files' end a moment later.
  await new Promise((done) => setTimeout(done, 1_000));
  assert.equal(document.getText(), '── stdout ──\none\ntwo\n');
});

test('Show Output of a run says no more than is known: a terminal that was closed, one that a debugger has, the Debug Console', async (context) => {
  tidy(context);
  const show = (id: string): Thenable<unknown> => vscode.commands.executeCommand('procession.showOutput', { row: { kind: 'run', report: { run: { id } } } });
  const { launch } = await api();
  const closed = await launch({ name: 'Closed', command: ['sleep', '60'], cwd: folder() });
  await untilRun(closed, 'the program', ({ members }) => members.some(({ state }) => state === 'running'));
  const terminal = await until('the terminal', () => vscode.window.terminals.find(({ name }) => name === 'Closed'));
  terminal.dispose();
  await until('its end', () => terminal.exitStatus !== undefined);
  const inTerminal = await debug(configuration('debug_kinds.py', { args: ['here'], name: 'Debugged', console: 'integratedTerminal' }));
  await untilRun(inTerminal, 'its end', ({ run }) => run.endedAt !== null, 30_000);
  const inConsole = await debug(configuration('debug_kinds.py', { args: ['here'], name: 'Consoled', console: 'internalConsole' }));
  await untilRun(inConsole, 'its end', ({ run }) => run.endedAt !== null, 30_000);
  await context.look(async (browser) => {
    await show(closed);
    await show(inTerminal);
    await until('what is known', async () => {
      const told = (await browser.notifications()).join('; ');
      return told.includes('The terminal of Closed is closed.') && told.includes('Debugged prints into a terminal that this window did not open for it, or that a debugger has');
    });
    await browser.press('Escape');
    await vscode.commands.executeCommand('workbench.action.closePanel');
    await show(inConsole);
    await until('the Debug Console', async () => (await browser.texts('.part.panel .composite.title .action-item.checked')).some((text) => text.includes('Debug Console')));
  });
}, { browserOnly: true, limit: 120_000 });
