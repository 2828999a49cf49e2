import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { configuration, debug, watchSessions } from '../debugging/session';
import { test, until } from '../inside/testing';
import { folder, isAlive, reportOf, startedBy, tidy, untilRun } from './support';

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

/** Programs that stay, by what debugs them. */
const staying = {
  'Node': () => configuration('debug_told.cjs', { args: ['stay'], stopTimeout: 1 }),
  'Node in a terminal': () => configuration('debug_told.cjs', { args: ['stay'], stopTimeout: 1, console: 'integratedTerminal' }),
  'Python': () => configuration('debug_crew.py', { args: [`${folder()}/asked-by-nobody`], stopTimeout: 1 }),
  'a command': () => configuration('', { program: undefined, command: ['sh', '-c', 'sleep 600; true'], stopTimeout: 1 }),
};

for (const [what, of] of Object.entries(staying)) {
  test(`Restart of a debug session stops the run and starts the configuration as a new one: ${what}`, async (t) => {
    tidy(t);
    const watched = watchSessions(t);
    const live = async (id: string): Promise<number[]> => (await untilRun(id, 'it lives', ({ members }) => members.some(({ role, state }) => role === 'root' && state === 'running'), 30_000)).members.map(({ pid }) => pid);
    const first = await debug({ ...of(), name: `Staying: ${what}` });
    const pids = await live(first);
    const second = await startedBy(() => vscode.commands.executeCommand('workbench.action.debug.restart'));
    await live(second);
    const { run } = await untilRun(first, 'the first has ended', ({ run: { endedAt, exit } }) => endedAt !== null && exit !== null);
    assert.match(run.exit?.signal ?? '', /^SIG(INT|TERM)$/, 'it was given the time to end');
    assert.deepEqual(pids.filter(isAlive), []);
    await until('one session of the new run is left, and no old one', () => {
      assert.equal(watched.sessions.filter(({ parentSession }) => !parentSession).length, 1, watched.sessions.map(({ name, id, parentSession }) => `${name} ${id} ${parentSession?.id}`).join('; '));
      return true;
    });
    const third = await startedBy(() => vscode.commands.executeCommand('procession.restart', { row: { kind: 'run', report: { run: { id: second } } } }));
    await live(third);
    await until('the session of the third', () => watched.sessions.some(({ parentSession }) => !parentSession));
    await vscode.commands.executeCommand('procession.stopAll');
    await until('no session is left', () => watched.sessions.length === 0);
    const fourth = await startedBy(() => vscode.commands.executeCommand('procession.runLast'));
    await live(fourth);
    assert.equal(watched.sessions.filter(({ parentSession }) => !parentSession).length, 1, 'Run Last Again debugs what was debugged');
  }, { limit: 90_000 });
}

test('a configuration that attaches says how to attach instead, and opens no session', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  assert.equal(await vscode.debug.startDebugging(undefined, { type: 'procession', request: 'attach', name: 'Attach', processId: 1 }).then(undefined, () => false), false);
  assert.equal(watched.sessions.length, 0);
  await t.look(async (browser) => {
    await until('the message', async () => (await browser.notifications()).some((text) => text.includes('choose "Attach Debugger" on the process')));
  });
}, limit);

test('Stop while a command is being launched stops it as soon as it is there', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  const stopping = vscode.debug.registerDebugAdapterTrackerFactory('procession', {
    createDebugAdapterTracker: (session) => ({ onWillReceiveMessage: ({ command }: { command?: string }) => { if (command === 'launch') void session.customRequest('terminate'); } }),
  });
  t.after(() => stopping.dispose());
  const id = await debug(configuration('', { program: undefined, command: ['sh', '-c', 'sleep 600; true'], stopTimeout: 1 }));
  await untilRun(id, 'it has ended', ({ run }) => run.endedAt !== null, 10_000);
  await until('no session is left', () => watched.sessions.length === 0);
}, limit);
