import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { watchSessions } from '../debugging/session';
import { test, until } from '../inside/testing';
import { api, folder, tidy, untilRun } from './support';

/** What VS Code contributes to the environment of a terminal, once it does. */
async function contributed(): Promise<string> {
  const place = mkdtempSync(join(tmpdir(), 'procession-contributed-'));
  try {
    return await until('Auto Attach to be ready', async () => {
      const file = join(place, 'told');
      const terminal = vscode.window.createTerminal({ shellPath: '/bin/sh', shellArgs: ['-c', `printf %s "$VSCODE_INSPECTOR_OPTIONS" > ${file}.new; mv ${file}.new ${file}`], hideFromUser: false });
      await until('the terminal to tell', () => existsSync(file));
      terminal.dispose();
      const text = readFileSync(file, 'utf8');
      rmSync(file);
      return text !== '' && text;
    });
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

for (const mode of ['always', 'smart'] as const) {
  test(`Auto Attach (${mode}) attaches to the program, and not to what launches it`, async (t) => {
    tidy(t);
    const watched = watchSessions(t);
    const settings = vscode.workspace.getConfiguration('debug.javascript');
    t.after(() => settings.update('autoAttachFilter', undefined, vscode.ConfigurationTarget.Workspace));
    await settings.update('autoAttachFilter', mode, vscode.ConfigurationTarget.Workspace);
    await contributed();
    const names: string[] = [];
    const listening = vscode.debug.onDidStartDebugSession(({ name }) => { names.push(name); });
    t.after(() => listening.dispose());

    const id = await (await api()).launch({ program: `${folder()}/programs/debug_told.cjs`, args: ['stay'], env: { NODE_OPTIONS: '--title=mine' }, console: 'integratedTerminal' });
    const { members } = await untilRun(id, 'the program to run', ({ members: [root] }) => root?.state === 'running');
    const name = await until('its session', () => names.find((one) => one.includes('debug_told.cjs')), 30_000);
    assert.ok(name.includes(`[${members[0]?.pid}]`), name);
    assert.deepEqual(names.filter((one) => one.includes('cli.js')), []);
    const session = watched.sessions.find((one) => one.name === name);
    const { result } = await session?.customRequest('evaluate', { expression: 'process.title' }) as { result: string };
    assert.equal(result, "'mine'");
  }, { limit: 90_000 });
}
