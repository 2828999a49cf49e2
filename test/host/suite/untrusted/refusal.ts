import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { test, until } from '../../inside/testing';
import { api, example, folder } from '../support';

test('no command and no configuration executes anything in an untrusted workspace, and the palette offers none', async (context) => {
  const program = example('programs/touch.py');
  await vscode.window.showTextDocument(vscode.Uri.file(program));
  await vscode.commands.executeCommand('procession.runFile');
  await vscode.commands.executeCommand('procession.runLast');
  // The editor asks for trust before the extension is asked, and a window under test has nobody to answer.
  const configuration = { name: 'touch', type: 'procession', request: 'launch', program, console: 'internalConsole' };
  void Promise.resolve(vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], configuration, { noDebug: true })).catch(() => false);
  await context.look(async (browser) => {
    await until('the editor to ask or to refuse', async () => (await browser.texts('.monaco-dialog-box')).length > 0 || vscode.debug.activeDebugSession === undefined);
    await browser.press('Escape');
    await browser.press('F1');
    await browser.type('Procession: ');
    await until('the palette', async () => (await browser.picks()).some((entry) => entry.startsWith('Procession: ')));
    assert.deepEqual((await browser.picks()).filter((entry) => /^Procession: Run (File|Command|Last)/.test(entry)), []);
    await browser.press('Escape');
  });
  assert.deepEqual((await api()).getRuns(), []);
  assert.equal(existsSync(join(folder(), 'programs', 'executed')), false);
});

test('Debug One Row does not ask the interpreter of a workload file what it can do', async (context) => {
  const executed = join(folder(), 'interpreter-executed');
  const interpreter = join(folder(), 'interpreter.sh');
  writeFileSync(interpreter, `#!/bin/sh\ntouch ${executed}\n`, { mode: 0o700 });
  const workload = join(folder(), 'typed.workload.json');
  writeFileSync(workload, JSON.stringify({ run: { node: 'programs/workload_typed.mts:typed', interpreter }, over: { rows: [{ size: 1 }] } }));
  await context.look(async (browser) => {
    void vscode.commands.executeCommand('procession.debugRow', vscode.Uri.file(workload));
    await until('an end', async () => {
      if ((await browser.texts('.quick-input-widget:not([style*="display: none"]) .quick-input-title')).some((title) => title.includes('Debug One Row'))) await browser.press('Enter');
      return existsSync(executed) || (await browser.notifications()).some((text) => text.includes('not trusted, so nothing in it is executed'));
    });
  });
  assert.equal(existsSync(executed), false);
}, { browserOnly: true });
