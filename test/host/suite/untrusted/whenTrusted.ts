import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { createRunDirectory, liveRunsFolder, newRunId, writeDescription } from '../../../../src/observe/record/runDirectory';
import { listAllRuns, runnerOf } from '../../../../src/workload/journal/folders';
import { test, until } from '../../inside/testing';
import { api, folder } from '../support';

// The last of this window: trust is not taken back.
test('once the workspace is trusted, what runs in it is in the view, without a reload', async (context) => {
  assert.equal(vscode.workspace.isTrusted, false);
  const { getRuns } = await api();
  const id = newRunId(Date.now());
  const run = join(liveRunsFolder(), id);
  context.after(() => rmSync(run, { recursive: true, force: true }));
  createRunDirectory(run);
  const workspace = vscode.workspace.workspaceFolders?.[0]?.uri.toString() ?? '';
  writeDescription(run, { schema: 'procession.run/1', id, command: ['sleep', '60'], cwd: folder(), startedAt: Date.now(), observer: null, workspace });
  const cli = join(vscode.extensions.getExtension('procession.procession')?.extensionPath ?? '', 'dist', 'cli.js');
  const map = spawn(process.execPath, [cli, 'map', '--python', 'workload_rows.py:half', '--range', '10:1000'], { cwd: join(folder(), 'programs'), stdio: 'ignore', env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } });
  context.after(() => map.kill('SIGTERM'));
  await until('the workload to begin', () => listAllRuns(process.env).some((directory) => runnerOf(directory) !== undefined));
  await context.look(async (browser) => {
    assert.deepEqual(getRuns(), []);
    await vscode.commands.executeCommand('workbench.trust.manage');
    await browser.click('.workspace-trust-editor .monaco-button:has-text("Trust")');
    await until('trust', () => vscode.workspace.isTrusted);
    await until('the run of the window before', () => getRuns().some((report) => report.run.id === id));
    await until('the workload that a terminal has started', () => getRuns().some(({ run: { command } }) => command.join(' ').includes('workload_rows.py:half')));
  });
}, { browserOnly: true });
