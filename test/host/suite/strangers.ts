import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { test, until } from '../inside/testing';
import { folder } from './support';

/** What links and URIs that anybody can make do in this window: nothing without the person. */

const shown = (): string | undefined => vscode.window.activeTextEditor?.document.uri.fsPath;

test('a place in the source of the workspace is opened, one of elsewhere when the person says so, one of another machine never', async (context) => {
  const outside = mkdtempSync(join(tmpdir(), 'procession-outside-'));
  context.after(() => rmSync(outside, { recursive: true, force: true }));
  const [ours, theirs] = [join(folder(), 'ours.py'), join(outside, 'theirs.py')];
  for (const file of [ours, theirs]) writeFileSync(file, 'pass\n');
  const open = (file: string): Thenable<unknown> => vscode.commands.executeCommand('procession.openLocation', { file, line: 1 });
  await open(ours);
  assert.equal(shown(), ours);
  for (const file of ['//evil.example/share/x.py', '\\\\evil.example\\share\\x.py', 'relative.py']) await open(file);
  assert.equal(shown(), ours);
  await context.look(async (browser) => {
    const asked = open(theirs);
    await until('the question', async () => (await browser.notifications()).some((text) => text.includes(theirs)));
    assert.equal(shown(), ours);
    await browser.click('.notifications-center .notification-list-item:has-text("theirs.py") .monaco-button:has-text("Open")');
    await asked;
    assert.equal(shown(), theirs);
  });
});

test('a URI of an output shows what processes of this window have printed, and no other file', async () => {
  const secret = join(folder(), 'secret.txt');
  writeFileSync(secret, 'secret');
  for (const scheme of ['procession-task', 'procession-output']) {
    for (const query of [[['stdout', secret, 0, 6]], { run: '../..', parts: [{ stream: 'stdout', worker: 0, from: 0, to: 6 }] }, ['x', '1.1/../../secret'], 5, null, 'x']) {
      // Without a provider, where nothing is loaded yet, there is nothing either.
      const text = await Promise.resolve(vscode.workspace.openTextDocument(vscode.Uri.from({ scheme, path: '/x.log', query: JSON.stringify(query) }))).then((document) => document.getText(), () => '');
      assert.equal(text, '', `${scheme} ${JSON.stringify(query)}`);
    }
  }
});
