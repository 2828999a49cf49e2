import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { test, until } from '../../inside/testing';
import { api, folder, showView } from '../support';

test('in an untrusted workspace nothing is executed, and the view says why', async (context) => {
  assert.equal(vscode.workspace.isTrusted, false);
  const { launch, getRuns } = await api();
  const file = join(folder(), 'touch.py');
  writeFileSync(file, 'open("touched", "w").close()\n');
  await assert.rejects(launch({ program: file }), /not trusted, so nothing in it is executed/);
  assert.deepEqual(getRuns(), []);
  await showView();
  await context.look(async (browser) => {
    await until('the reason', async () => (await browser.texts('.welcome-view-content')).join().includes('This workspace is not trusted'));
  });
});
