import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { liveRunsFolder } from '../../../src/observe/runDirectory';
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
