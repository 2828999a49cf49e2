import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { test, until } from '../inside/testing';
import { api, example, named, startedBy, tidy, untilRun } from './support';

const start = async (configuration: { name: string; program: string }, options: vscode.DebugSessionOptions = {}): Promise<void> => {
  const complete = { type: 'procession', request: 'launch', console: 'internalConsole', ...configuration };
  assert.equal(await vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], complete, options), true);
};

test('a session without debugging runs the program observed, and every exit is told as the program tells it', async (context) => {
  tidy(context);
  const id = await startedBy(() => start({ name: 'run', program: example('python/exit_codes.py') }, { noDebug: true }));
  const report = await untilRun(id, 'the end', (found) => found.run.endedAt !== null);
  const codes = ['returns', 'exits', 'exits_with_text', 'raises', 'leaves_at_once', 'aborts', 'terminate', 'kill'].map((name) => named(report, name)?.exit?.code);
  assert.deepEqual(codes, [0, 3, 1, 1, 4, -6, -15, -9]);
});

test('stopping a session stops its run, all of it', async (context) => {
  tidy(context);
  const id = await startedBy(() => start({ name: 'family', program: example('programs/family.py') }, { noDebug: true }));
  await untilRun(id, 'the family', (found) => named(found, 'grandchild')?.state === 'running' && named(found, 'watcher')?.state === 'running');
  await vscode.debug.stopDebugging();
  await untilRun(id, 'the end', (found) => found.run.endedAt !== null);
});

test('the output of a run is in a channel of its own, in the order in which it was written', async (context) => {
  tidy(context);
  const id = await (await api()).launch({ program: example('python/name_processes.py'), console: 'internalConsole' });
  await untilRun(id, 'the end', (found) => found.run.endedAt !== null);
  await vscode.commands.executeCommand('procession.showOutput');
  await until('the text in the channel', () => vscode.workspace.textDocuments.some((document) =>
    document.uri.scheme === 'output' && /service works\nbackup works\nProcess-3 works\nMainProcess is done/.test(document.getText().replaceAll('\r', ''))));
});
