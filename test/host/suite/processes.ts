import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { pidIn } from '../browser';
import { test, until } from '../inside/testing';
import { api, example, folder, isAlive, named, reportOf, selectBoth, showView, startedBy, tidy, untilRow, untilRun, view } from './support';

/** Programs of the tests, written into the workspace. */
function program(name: string, text: string): string {
  const path = join(folder(), name);
  writeFileSync(path, text);
  return path;
}

const crew = `
import multiprocessing, sys, time

def work():
    time.sleep(60)

def fail():
    raise RuntimeError('There was an error!')

if __name__ == '__main__':
    people = [multiprocessing.Process(target=work, name=name) for name in ('anna', 'bert', 'cleo')]
    people.append(multiprocessing.Process(target=fail, name='dora'))
    people.append(multiprocessing.Process(target=work, name='emil', daemon=True))
    for person in people:
        person.start()
    people[3].join()
    print('the crew is complete', flush=True)
    for person in people[:3]:
        person.join()
`;

const stubborn = `
import multiprocessing, signal, time

def stay():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)

if __name__ == '__main__':
    for name in ('rock', 'stone'):
        multiprocessing.Process(target=stay, name=name).start()
    stay()
`;

const cluster = `
const cluster = require('node:cluster');
const { spawn } = require('node:child_process');
if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
  spawn('python3', ['-c', 'import time; time.sleep(60)'], { stdio: 'ignore' });
}
setInterval(() => undefined, 1000);
`;

const crewIsThere = (report: Parameters<Parameters<typeof untilRun>[2]>[0]): unknown => named(report, 'dora')?.exit && named(report, 'emil')?.state === 'running';

test('an empty view says what to do', async (context) => {
  await api();
  await showView();
  await context.look(async (browser) => {
    await until('the welcome', async () => (await browser.texts('.welcome-view-content')).join().includes('Run a program and see every one of its processes'));
    assert.deepEqual((await browser.texts('.welcome-view-content .monaco-button')).map((text) => text.trim()), ['Run File', 'Run Command…']);
  });
});

test('Run File shows the tree while the program runs: names, pids, daemon flag, exit with its meaning', async (context) => {
  tidy(context);
  const file = program('crew.py', crew);
  await vscode.window.showTextDocument(vscode.Uri.file(file));
  const id = await startedBy(() => vscode.commands.executeCommand('procession.runFile'));
  const report = await untilRun(id, 'the crew', crewIsThere);
  assert.equal(report.schema, 'procession.report/1');
  const root = named(report, 'MainProcess');
  const dora = named(report, 'dora');
  assert.equal(root?.role, 'root');
  assert.deepEqual({ code: dora?.exit?.code, source: dora?.exit?.source, error: dora?.error?.type }, { code: 1, source: 'parent', error: 'RuntimeError' });
  assert.equal(dora?.parent, root?.id);
  assert.deepEqual(report.members.filter((member) => member.state === 'running' && member.role === 'child').map((member) => [member.name, member.daemon]), [['anna', false], ['bert', false], ['cleo', false], ['emil', true]]);
  assert.equal(named(report, 'anna')?.target?.function, 'work');
  await context.look(async (browser) => {
    await showView();
    const row = await untilRow(browser, 'the exit of dora', ({ label, description }) => label === 'dora' && description === `exit 1 RuntimeError: There was an error! · ${dora?.pid}`);
    assert.match(row.icon, /codicon-error/);
    const emil = await untilRow(browser, 'numbers of emil', ({ label, description }) => label === 'emil' && /%/.test(description));
    assert.match(emil.description, new RegExp(`^[\\d.]+ % · \\d+ MB · ${named(report, 'emil')?.pid} · daemon$`));
    const rows = await browser.rows(view);
    assert.deepEqual(rows.slice(0, 2).map(({ level, label }) => [level, label]), [[1, rows[0]?.label], [2, 'MainProcess']]);
    assert.deepEqual(rows.filter(({ level }) => level === 3).slice(0, 5).map(({ label }) => label), ['anna', 'bert', 'cleo', 'dora', 'emil']);
    const badge = (await browser.activities()).find(({ label }) => label.startsWith('Procession'));
    assert.equal(badge?.badge, '5');
  });
});

test('Terminate and Kill end exactly the member that was chosen, and the tree says who did it', async (context) => {
  tidy(context);
  const id = await (await api()).launch({ program: program('crew.py', crew) });
  const report = await untilRun(id, 'the crew', crewIsThere);
  await showView();
  await context.look(async (browser) => {
    await untilRow(browser, 'the row of anna', ({ label }) => label === 'anna');
    await browser.clickInline(view, 'anna', 'Terminate');
    const after = await untilRun(id, 'anna to end', (found) => named(found, 'anna')?.exit);
    assert.deepEqual([named(after, 'anna')?.exit, named(after, 'anna')?.endedBy?.by], [{ code: -15, signal: 'SIGTERM', source: 'parent' }, 'procession']);
    await untilRow(browser, 'the exit of anna', ({ description }) => description === `−15 SIGTERM, terminated by Procession · ${named(report, 'anna')?.pid}`);
    await browser.clickRow(view, 'bert', { button: 'right' });
    const entries = await until('the menu', async () => { const menu = await browser.menu(); return menu.length > 5 && menu; });
    for (const entry of ['Go to Target', 'Copy PID', 'Copy Command Line', 'Send Signal…', 'Terminate (SIGTERM)', 'Kill (SIGKILL)', 'Terminate Subtree', 'Kill Subtree', 'Show Output']) assert.ok(entries.includes(entry), `${entry} is in ${entries.join(', ')}`);
    await browser.chooseMenu('Kill (SIGKILL)');
    const killed = await untilRun(id, 'bert to end', (found) => named(found, 'bert')?.exit);
    assert.deepEqual(named(killed, 'bert')?.exit?.signal, 'SIGKILL');
    assert.equal(named(killed, 'cleo')?.state, 'running');
  });
});

test('several rows selected are terminated together', async (context) => {
  tidy(context);
  const id = await (await api()).launch({ program: program('crew.py', crew) });
  await untilRun(id, 'the crew', crewIsThere);
  await showView();
  await context.look(async (browser) => {
    await untilRow(browser, 'the row of cleo', ({ label }) => label === 'cleo');
    await selectBoth(browser, 'anna', 'cleo');
    await browser.clickMenu(view, 'cleo', 'Terminate (SIGTERM)');
    const report = await untilRun(id, 'both to end', (found) => named(found, 'anna')?.exit && named(found, 'cleo')?.exit);
    assert.equal(named(report, 'bert')?.state, 'running');
  });
});

test('Terminate Subtree ends a member with everything below it', async (context) => {
  tidy(context);
  const id = await (await api()).launch({ program: program('cluster.js', cluster) });
  const report = await untilRun(id, 'the cluster', (found) => named(found, 'worker 2')?.state === 'running' && found.members.some(({ runtime }) => runtime === 'python'));
  const pids = report.members.filter(({ state }) => state === 'running').map(({ pid }) => pid);
  await showView();
  await context.look(async (browser) => {
    await untilRow(browser, 'worker 1', ({ label }) => label === 'worker 1');
    await browser.clickMenu(view, 'cluster.js', 'Terminate Subtree');
    const after = await untilRun(id, 'all to end', (found) => found.run.endedAt !== null);
    // A worker ends by itself, with 0, when it learns of its primary's end before its own signal comes.
    const workers = after.members.filter(({ role }) => role === 'worker').map(({ exit }) => exit?.signal ?? exit?.code);
    assert.equal(workers.length, 2);
    assert.ok(workers.every((end) => end === 'SIGTERM' || end === 0), workers.join());
    assert.deepEqual(pids.filter(isAlive), []);
  });
});

test('Stop interrupts, terminates, kills, and leaves nobody, not even those who ignore signals', async (context) => {
  tidy(context);
  await vscode.workspace.getConfiguration('procession').update('stopTimeout', 0.3, vscode.ConfigurationTarget.Workspace);
  context.after(() => vscode.workspace.getConfiguration('procession').update('stopTimeout', undefined, vscode.ConfigurationTarget.Workspace));
  const id = await (await api()).launch({ program: program('stubborn.py', stubborn), console: 'internalConsole' });
  const report = await untilRun(id, 'three stubborn members', (found) => ['MainProcess', 'rock', 'stone'].every((name) => named(found, name)?.state === 'running'));
  await until('the handlers to be set', () => report.members.filter(({ role, state }) => role !== 'helper' && state === 'running').every(({ pid }) => /^SigIgn:\s+0*[0-9a-f]*[4-7c-f]00[0-9a-f]$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))));
  await vscode.commands.executeCommand('procession.stop');
  const after = await untilRun(id, 'the end', (found) => found.run.endedAt !== null);
  assert.deepEqual(after.members.filter(({ role }) => role !== 'helper').map(({ exit }) => exit?.signal), ['SIGKILL', 'SIGKILL', 'SIGKILL']);
  assert.deepEqual(after.members.filter(({ pid }) => isAlive(pid)), []);
});

test('Stop lets a program that obeys clean up after itself', async (context) => {
  tidy(context);
  const file = program('tidy.py', `
import time
print('ready', flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    print('cleaned up', flush=True)
    raise SystemExit(3)
`);
  const id = await (await api()).launch({ program: file, console: 'internalConsole' });
  await untilRun(id, 'the program to sleep', (found) => found.members.some(({ runtime, state }) => runtime === 'python' && state === 'running'));
  await until('its first line', async () => (await outputOf(id)).includes('ready'));
  await vscode.commands.executeCommand('procession.stop');
  const report = await untilRun(id, 'the end', (found) => found.run.endedAt !== null);
  assert.deepEqual(report.run.exit, { code: 3, signal: null, source: 'launcher' });
  assert.equal(await outputOf(id), 'ready\ncleaned up\n');
});

/** What a run has printed, from its directory. */
async function outputOf(id: string): Promise<string> {
  await reportOf(id);
  const { liveRunsFolder } = await import('../../../src/observe/record/runDirectory');
  return readFileSync(join(liveRunsFolder(), id, 'out', 'stdout'), 'utf8');
}

test('a launch.json configuration runs without debugging, with its arguments, environment and exit code', async (context) => {
  tidy(context);
  mkdirSync(join(folder(), '.vscode'), { recursive: true });
  writeFileSync(join(folder(), 'vars.env'), 'FROM_FILE=file\nBOTH=file\n');
  writeFileSync(join(folder(), '.vscode', 'launch.json'), JSON.stringify({
    version: '0.2.0',
    configurations: [{ type: 'procession', request: 'launch', name: 'say', program: '${workspaceFolder}/say.py', args: ['a b', 'c'], env: { BOTH: 'env' }, envFile: '${workspaceFolder}/vars.env', console: 'internalConsole' }],
  }));
  program('say.py', "import os, sys\nprint(sys.argv[1:], os.environ['FROM_FILE'], os.environ['BOTH'])\nsys.exit(4)\n");
  const ended = new Promise<void>((done) => {
    const subscription = vscode.debug.onDidTerminateDebugSession(() => done());
    context.after(() => subscription.dispose());
  });
  const id = await startedBy(async () => {
    await until('the configuration', () => vscode.workspace.getConfiguration('launch').get<unknown[]>('configurations')?.length === 1);
    assert.ok(await vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], 'say', { noDebug: true }));
  });
  const report = await untilRun(id, 'the end', (found) => found.run.exit);
  assert.equal(report.run.exit?.code, 4);
  assert.equal(await outputOf(id), "['a b', 'c'] file env\n");
  await ended;
});

test('the program in the terminal reads the keyboard, and its output can be shown for it alone', async (context) => {
  tidy(context);
  const id = await (await api()).launch({ program: program('ask.py', "name = input('name? ')\nprint('hello', name)\nimport time; time.sleep(60)\n") });
  await untilRun(id, 'the program', (found) => found.members.some(({ runtime, state }) => runtime === 'python' && state === 'running'));
  const terminal = await until('the terminal', () => vscode.window.terminals.find(({ name }) => name === 'ask.py'));
  terminal.sendText('Ada');
  await showView();
  await context.look(async (browser) => {
    const row = await untilRow(browser, 'the row', ({ label }) => label === 'ask.py');
    assert.equal(row.level, 2);
    await until('the answer', async () => {
      await browser.clickRow(view, 'ask.py');
      await vscode.commands.executeCommand('procession.showOutput').then(undefined, () => undefined);
      return vscode.window.activeTextEditor?.document.getText().includes('hello Ada');
    });
  });
});

test('what cannot be launched is refused with the way out, and nothing appears in the tree', async () => {
  const { launch, getRuns } = await api();
  const before = getRuns().length;
  const refused: [Parameters<typeof launch>[0], RegExp][] = [
    [{ program: join(folder(), 'missing.py') }, /missing\.py does not exist\. Correct "program"/],
    [{ program: program('fine.py', ''), python: '/nowhere/python' }, /interpreter \/nowhere\/python was not found/],
    [{ command: 'no-such-program --x' }, /no-such-program was not found: not in the Python environment of the folder, not in node_modules\/\.bin, not on PATH/],
    [{ command: ['true'], cwd: '/no/such/folder' }, /folder \/no\/such\/folder does not exist\. Correct "cwd"/],
    [{ program: program('fine.py', ''), envFile: 'no.env' }, /no\.env can't be read \(ENOENT\)/],
    [{}, /names nothing to run/],
  ];
  for (const [options, message] of refused) await assert.rejects(launch(options), message);
  assert.equal(getRuns().length, before);
});

test('Go to Target opens the function, selecting a row opens nothing', async (context) => {
  tidy(context);
  const id = await (await api()).launch({ program: program('crew.py', crew) });
  await untilRun(id, 'the crew', crewIsThere);
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  await showView();
  await context.look(async (browser) => {
    await untilRow(browser, 'the row of dora', ({ label }) => label === 'dora');
    await browser.clickRow(view, 'dora');
    assert.equal(vscode.window.activeTextEditor, undefined);
    await vscode.commands.executeCommand('procession.goToTarget');
    const editor = await until('the editor', () => vscode.window.activeTextEditor);
    assert.equal(editor.document.lineAt(editor.selection.active.line).text, 'def fail():');
  });
});

test('Restart and Run Last Again start the same program, Remove takes the run out of the view', async (context) => {
  tidy(context);
  const { launch, getRuns } = await api();
  await launch({ command: ['sh', '-c', 'sleep 60'], console: 'internalConsole' });
  const first = await until('it to run', () => getRuns().find((report) => report.members.some(({ state }) => state === 'running')));
  const second = await startedBy(() => vscode.commands.executeCommand('procession.restart'));
  assert.ok((await reportOf(first.run.id)).run.endedAt !== null, 'the first was stopped');
  assert.deepEqual((await reportOf(second)).run.command, ['sh', '-c', 'sleep 60']);
  await untilRun(second, 'it to run', (found) => found.members.some(({ state }) => state === 'running'));
  await vscode.commands.executeCommand('procession.removeEnded');
  assert.deepEqual(getRuns().map(({ run }) => run.id), [second]);
});

test('an orphan is marked and counted, says who its parent was, and Reap Orphans ends it alone', async (context) => {
  tidy(context);
  const file = program('leave.py', `
import multiprocessing, os, time

def leave():
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    time.sleep(0.3)
    os._exit(0)

if __name__ == '__main__':
    leaver = multiprocessing.Process(target=leave, name='leaver')
    leaver.start()
    leaver.join()
    time.sleep(60)
`);
  const id = await (await api()).launch({ program: file, console: 'internalConsole' });
  const report = await untilRun(id, 'an orphan', (found) => found.members.some(({ marks }) => marks.includes('orphan')));
  const orphan = report.members.find(({ marks }) => marks.includes('orphan'));
  assert.deepEqual([orphan?.startMethod, orphan?.parent], ['os.fork', named(report, 'leaver')?.id]);
  await showView();
  await context.look(async (browser) => {
    await untilRow(browser, 'the mark', (row) => row.description.startsWith('orphan · ') && pidIn(row) === orphan?.pid);
    await until('the count', async () => (await browser.activities()).some(({ label }) => label.includes('1 orphan')));
  });
  await vscode.commands.executeCommand('procession.reapOrphans');
  const after = await untilRun(id, 'the end of the orphan', (found) => found.members.find((member) => member.id === orphan?.id)?.endedAt);
  assert.equal(isAlive(orphan?.pid ?? 0), false);
  assert.equal(after.members.find(({ role }) => role === 'root')?.state, 'running');
});

test('onDidChange tells of a new member', async (context) => {
  tidy(context);
  const { launch, onDidChange } = await api();
  let changes = 0;
  const subscription = onDidChange(() => changes++);
  context.after(() => subscription.dispose());
  const id = await launch({ program: program('crew.py', crew), console: 'internalConsole' });
  await untilRun(id, 'the crew', crewIsThere);
  assert.ok(changes > 0);
  const { liveRunsFolder } = await import('../../../src/observe/record/runDirectory');
  assert.ok(readdirSync(join(liveRunsFolder(), id, 'events')).length >= 6, 'one event file a process');
});

test('a click on a row that is being redrawn asks which was meant, and never falls on the selection', async (t) => {
  tidy(t);
  const id = await (await api()).launch({ program: example('programs/family.py'), console: 'internalConsole' });
  await untilRun(id, 'the family', (found) => named(found, 'grandchild')?.state === 'running' && named(found, 'watcher')?.state === 'running');
  await showView();
  await t.look(async (browser) => {
    await untilRow(browser, 'the rows', ({ label }) => label === 'watcher');
    await browser.clickRow(view, 'quiet');
    // This is what the editor passes for a row that it does not know at the moment.
    const command = vscode.commands.executeCommand('procession.kill', undefined, undefined);
    await until('the question', async () => (await browser.picks()).includes('watcher'));
    await browser.choosePick('watcher');
    await command;
    await untilRun(id, 'the end of the watcher', (found) => named(found, 'watcher')?.state === 'exited');
    assert.equal(named(await reportOf(id), 'quiet')?.state, 'running');
  });
}, { browserOnly: true });
