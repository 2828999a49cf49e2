import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { liveRunsFolder } from '../../../src/observe/record/runDirectory';
import { debug, watchSessions } from '../debugging/session';
import { test, until, type TestContext } from '../inside/testing';
import { api, folder, tidy, untilRun } from './support';

/** Programs are found, and run, as a terminal of the window would in that folder. */

const limit = { limit: 60_000 };

function executable(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

/** A folder with an environment of Python and packages of Node, each with a program of its own. */
function project(): string {
  const path = join(folder(), 'project');
  if (existsSync(path)) return path;
  execFileSync('python3', ['-m', 'venv', '--without-pip', join(path, '.venv')]);
  executable(join(path, '.venv/bin/mytest'), `#!${path}/.venv/bin/python\nimport sys, shutil\nprint(sys.prefix, sys.argv[1:], shutil.which('python') == sys.executable)\n`);
  executable(join(path, 'node_modules/.bin/myts'), "#!/usr/bin/env node\nrequire(require('path').resolve(process.argv[2]))\n");
  writeFileSync(join(path, 'app.ts'), "console.log('run by myts')\n");
  mkdirSync(join(path, 'below'), { recursive: true });
  return path;
}

/** What a command printed. */
async function printed(command: string, cwd: string): Promise<string> {
  const id = await (await api()).launch({ command, cwd, console: 'internalConsole' });
  const report = await untilRun(id, 'the end', ({ run }) => run.endedAt !== null);
  assert.equal(report.run.exit?.code, 0);
  return until('its output', () => {
    const text = readFileSync(join(liveRunsFolder(), id, 'out', 'stdout'), 'utf8');
    return text.endsWith('\n') && text;
  });
}

async function set(t: TestContext, section: string, value: unknown): Promise<void> {
  const settings = vscode.workspace.getConfiguration();
  const before = settings.inspect(section)?.globalValue;
  t.after(() => settings.update(section, before, vscode.ConfigurationTarget.Global));
  await settings.update(section, value, vscode.ConfigurationTarget.Global);
}

test('a command is that of the environment of the folder, and its program has that environment', async (t) => {
  tidy(t);
  const path = project();
  for (const cwd of [path, join(path, 'below')]) assert.equal(await printed('mytest -n 4', cwd), `${path}/.venv ['-n', '4'] True\n`);
  assert.equal(await printed('mytest a | tr a-z A-Z', path), `${path}/.venv ['a'] True\n`.toUpperCase());
  assert.equal(await printed('myts app.ts', path), 'run by myts\n');
}, limit);

test('the settings of the terminal hold for what is run', async (t) => {
  tidy(t);
  await set(t, 'terminal.integrated.env.linux', { SHOWN: '${workspaceFolder}:${env:HOME}:${userHome}', PATH: `${folder()}/tools:\${env:PATH}`, LANGUAGE: null });
  executable(`${folder()}/tools/mytool`, '#!/bin/sh\necho "$SHOWN ${LANGUAGE-none}"\n');
  assert.equal(await printed('mytool', folder()), `${folder()}:${process.env.HOME}:${homedir()} none\n`);
}, limit);

test('runtimeExecutable is found among the packages, under the debugger too', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  const path = project();
  const id = await debug({ name: 'Packaged', type: 'procession', request: 'launch', runtimeExecutable: 'myts', program: `${path}/app.ts`, cwd: path, console: 'internalConsole' });
  await until('what it prints', () => watched.output.includes('run by myts'), 30_000);
  const { run } = await untilRun(id, 'the end', (report) => report.run.endedAt !== null, 30_000);
  assert.equal(run.exit?.code, 0);
}, limit);
