import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { closeInspector, evaluate, openInspector } from '../../../src/insight/inspector';
import { liveRunsFolder } from '../../../src/observe/record/runDirectory';
import { test, until } from '../inside/testing';
import { api, example, folder, tidy, untilRun } from './support';
import { lineOf } from './workloadSupport';

/** A Node program that does nothing any more, and whose probe has spoken. */
async function idle(name: string): Promise<string> {
  const begun = `${folder()}/idle-${Date.now()}`;
  const id = await (await api()).launch({ name, command: ['node', '-e', `setInterval(() => undefined, 1000); require('fs').writeFileSync(${JSON.stringify(begun)}, '')`], cwd: folder(), console: 'internalConsole' });
  await until('its first line', () => existsSync(begun));
  await untilRun(id, 'the program', ({ members }) => members.some(({ runtime, state }) => runtime === 'node' && state === 'running'));
  return id;
}

test('an inspector that closes itself is not waited for', async (context) => {
  tidy(context);
  const id = await idle('Idle');
  const { members } = await untilRun(id, 'the program', () => true);
  const [member] = members.filter(({ runtime }) => runtime === 'node');
  assert.ok(member);
  const { address, opened } = await openInspector(join(liveRunsFolder(), id), member);
  assert.equal(opened, true);
  await assert.rejects(evaluate(address, 'process._debugEnd()'), { name: 'HumanError', message: 'its inspector has closed the connection' });
  await closeInspector(address);
});

test('stacks that are asked for several times at once are those of everybody, and stay when the run has ended', async (context) => {
  tidy(context);
  const id = await idle('Idle');
  const run = { row: { kind: 'run', report: { run: { id } } } };
  await context.look(async (browser) => {
    const shown = async (): Promise<string> => (await browser.rows('Stacks')).map(({ label, description }) => `${label} ${description}`).join('; ');
    for (let time = 1; time <= 5; time++) {
      await Promise.all(Array.from({ length: 3 }, () => vscode.commands.executeCommand('procession.showStacks', run)));
      await until('the stack', async () => {
        const rows = await shown();
        assert.match(rows, /^MainThread node.*; waits: Timeout/);
        return !rows.includes('opens no inspector');
      }, 5_000);
    }
    const before = await shown();
    await vscode.commands.executeCommand('procession.stop', run);
    await untilRun(id, 'its end', ({ run: { endedAt } }) => endedAt !== null);
    await browser.quickly('F1', 'Procession: Show Stacks');
    await until('why', async () => (await browser.notifications()).some((text) => text === 'Idle has ended: there are no stacks to take. The view Stacks shows those that were taken before.'));
    assert.equal(await shown(), before);
  });
}, { browserOnly: true });

test('worker threads of Node have their stacks too, busy or blocked, while they run', async (context) => {
  tidy(context);
  const workers = ['(function spin() { for (;;) {} })()', '(function hold() { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); })()', 'setTimeout(() => undefined, 1e6)'];
  const code = `const { Worker } = require('worker_threads');
    for (const code of ${JSON.stringify(workers)}) new Worker(code, { eval: true });
    setInterval(() => undefined, 1000);`;
  const id = await (await api()).launch({ name: 'Threads', command: ['node', '-e', code], cwd: folder(), console: 'internalConsole' });
  await untilRun(id, 'its threads', ({ members }) => members.some(({ threads }) => threads.length === 3 && threads.every(({ state }) => state === 'running')));
  await context.look(async (browser) => {
    await vscode.commands.executeCommand('procession.showStacks', { row: { kind: 'run', report: { run: { id } } } });
    const expected = [/^MainThread/, /^worker thread 3/, / in spin /, / in hold /, /^waits: Timeout/];
    await until('the stacks', async () => {
      // A thread may be found while it starts.
      await vscode.commands.executeCommand('procession.refreshStacks');
      const rows = (await browser.rows('Stacks')).map(({ label, description }) => `${label} ${description}`);
      for (const row of expected) assert.ok(rows.some((one) => row.test(one)), `${row} in ${rows.join('; ')}`);
      return true;
    }, 40_000);
    const { members } = await untilRun(id, 'the program', () => true);
    assert.deepEqual(members.map(({ state }) => state), ['running']);
    assert.ok(members[0]?.threads.every(({ state }) => state === 'running'), 'nobody was stopped');
  });
}, { browserOnly: true, limit: 60_000 });

test('the line of the program is the row and says what it waits for; the frames of libraries are folded, and one click unfolds them', async (context) => {
  tidy(context);
  const program = 'programs/images.py';
  const id = await (await api()).launch({ program: example(program), console: 'internalConsole' });
  await untilRun(id, 'the pool', ({ members }) => members.filter(({ role, state }) => role === 'worker' && state === 'running').length === 4);
  await context.look(async (browser) => {
    await vscode.commands.executeCommand('procession.showStacks', { row: { kind: 'run', report: { run: { id } } } });
    await until('rows', async () => (await browser.rows('Stacks')).length > 3);
    await new Promise((done) => setTimeout(done, 500));
    const drawn = await browser.rows('Stacks');
    assert.deepEqual(drawn.filter(({ expanded, level }, index) => expanded && !((drawn[index + 1]?.level ?? 0) > level)).map(({ label }) => label), [], 'what is unfolded shows what is below it');
    const waiting = `images.py:${lineOf(program, /pool\.map/)} in main`;
    const rows = await until('the stacks', async () => {
      await vscode.commands.executeCommand('procession.refreshStacks');
      const found = await browser.rows('Stacks');
      const has = (label: string, description: RegExp): boolean => found.some((row) => row.label === label && description.test(row.description));
      return has(waiting, /^waits for a result · \S+ \[\d+\]$/) && has('waits for a task', /^2 of them$/) && has(`images.py:${lineOf(program, /time\.sleep/)} in scale`, /^2 of them$/) && found;
    }, 30_000);
    assert.deepEqual(rows.filter(({ label }) => /^(Pool|ApplyResult|MapResult|Event|Condition)\b|^(map|get|wait|worker)$/.test(label)), [], 'no frame of a library is shown');
    assert.equal(rows.find(({ label }) => label === waiting)?.expanded, false);
    await browser.click(`.pane:has(.pane-header[aria-label^="Stacks"]) .monaco-list-row:has-text("${waiting}") .monaco-tl-twistie`);
    await until('its frames', async () => (await browser.rows('Stacks')).some(({ label, description }) => /(^|\.)map$/.test(label) && description.startsWith('pool.py:')));
  });
}, { browserOnly: true });
