import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { configuration, debug, watchSessions } from '../debugging/session';
import { test } from '../inside/testing';
import { folder, reportOf, tidy, untilRun } from './support';

const limit = { limit: 60_000 };

test('debug Node: the variables of a launch configuration work in every key, and envFile may be several', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  await vscode.window.showTextDocument(vscode.Uri.file(`${folder()}/programs/debug_told.cjs`));
  writeFileSync(`${folder()}/one.env`, 'ONE=1\nTWO=1\n');
  writeFileSync(`${folder()}/two.env`, 'TWO=2\n');
  writeFileSync(`${folder()}/its-node`, '#!/bin/sh\nexec node "$@"\n', { mode: 0o755 });
  const id = await debug(configuration('', {
    program: '${fileDirname}/debug_told.cjs', cwd: '${fileDirname}', runtimeExecutable: '${workspaceFolder}/its-node',
    envFile: ['${workspaceFolder}/one.env', `\${workspaceFolder:${basename(folder())}}/two.env`], env: { HOUSE: '${env:HOME}' }, args: ['${config:procession.console}'],
  }));
  await untilRun(id, 'the end', ({ run }) => run.endedAt !== null && run.exit !== null, 30_000);
  const told = JSON.parse(/\{.*\}/.exec(watched.output)?.[0] ?? '{}') as Record<string, unknown>;
  assert.deepEqual(told, {
    cwd: `${folder()}/programs`, script: `${folder()}/programs/debug_told.cjs`, args: ['integratedTerminal'], ONE: '1', TWO: '2', HOUSE: process.env.HOME,
  });
  const { run: { command } } = await reportOf(id);
  assert.equal(command[0], `${folder()}/its-node`);
}, limit);
