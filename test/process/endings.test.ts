import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { describeRow } from '../../src/core/describe';
import type { Member } from '../../src/core/members';
import type { Report } from '../../src/core/report';
import { readRun } from '../../src/observe/record/readRun';
import { runObserved } from './report';
import { findNodes, findPythons, sampleOf } from './toolchains';

/** What real programs come to, and what a person is told of it: normal ends must not look like failures, nor failures like normal ends. */

const cli = resolve(import.meta.dirname, '../../dist/cli.js');
const folder = mkdtempSync(join(tmpdir(), 'procession-endings-'));
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
const skip = process.platform === 'win32' && 'there are no signals';

function program(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** How the members that are no helpers ended, in their order: verdict and row, without the pid. */
const told = (members: readonly Member[]): [string, string][] => members.filter(({ role }) => role !== 'helper').map((member) => [member.outcome?.verdict ?? 'alive', describeRow(member).split(` · ${member.pid}`)[0] ?? '']);
const workersOf = ({ members }: Report): Member[] => members.filter(({ role }) => role === 'worker');

async function observed(argv: string[], options: string[] = []): Promise<Report> {
  return (await runObserved({ argv, cwd: folder, env: process.env }, options)).report;
}

const pool = program('executor.py', `
import os, signal, sys, time
from concurrent.futures import ProcessPoolExecutor

def work(number):
    if number == 3:
        time.sleep(0.3)
        if sys.argv[1] == 'killed': os.kill(os.getpid(), signal.SIGKILL)
        if sys.argv[1] == 'leaves': os._exit(0)
        if sys.argv[1] == 'fails': os._exit(5)
    time.sleep(1)

if __name__ == '__main__':
    try:
        with ProcessPoolExecutor(3) as executor:
            list(executor.map(work, range(4 if sys.argv[1] == 'well' else 6)))
    except Exception as error:
        print(type(error).__name__)
`);

for (const { path: python, version } of sampleOf(findPythons())) {
  describe(`Python ${version}`, { skip }, () => {
    const first = { killed: '−9 SIGKILL, killed by itself; its pool broke', leaves: 'exit 0, its pool broke', fails: 'exit 5; its pool broke' };
    for (const [how, row] of Object.entries(first)) {
      test(`a pool whose worker ${how}: it is the failure, and the others end for it`, async () => {
        const rows = told(workersOf(await observed([python, pool, how])));
        assert.deepEqual(rows.filter(([verdict]) => verdict === 'failed'), [['failed', row]]);
        const others = rows.filter(([verdict]) => verdict !== 'failed');
        assert.deepEqual(others, others.map(() => ['ended', '−15 SIGTERM, ended because the pool broke']));
        assert.ok(others.length > 0);
      });
    }

    test('a pool that comes to its end well', async () => {
      assert.deepEqual(new Set(told(workersOf(await observed([python, pool, 'well']))).map(String)), new Set(['ok,exit 0']));
    });

    test('signals to a group name their sender to every member of it', async () => {
      const path = program('group.py', `
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import os, time; os.fork(); time.sleep(30)'], start_new_session=True)
time.sleep(1)
os.killpg(child.pid, signal.SIGTERM)
child.wait()
time.sleep(0.3)
`);
      const { members } = await observed([python, path]);
      assert.deepEqual(members.map(({ endedBy }) => endedBy && [endedBy.via, endedBy.member, endedBy.site?.line]), [null, ...[1, 2].map(() => ['os.killpg', members[0]?.id, 5])]);
    });
  });
}

/** Runs a command in a terminal of its own and presses Ctrl+C once it has said "ready" on a line of its own. */
const terminal = program('terminal.py', `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
said, pressed = b'', False
while True:
    try:
        said += os.read(terminal, 4096)
    except OSError:
        break
    if b'ready' in said and not pressed:
        os.write(terminal, b'\\x03')
        pressed = True
os.waitpid(pid, 0)
`);

function withCtrlC(argv: string[]): Report {
  const report = join(folder, 'interrupted.json');
  spawnSync('python3', [terminal, process.execPath, cli, 'run', '--wait', '--report', report, '--', ...argv], { cwd: folder, timeout: 30_000 });
  return JSON.parse(readFileSync(report, 'utf8')) as Report;
}

describe('Ctrl+C in a terminal', { skip: skip || (spawnSync('python3', ['-c', 'import pty']).status !== 0 && 'needs Python') }, () => {
  test('of a pool', () => {
    const path = program('forever.py', `
import multiprocessing, time
def work(number):
    time.sleep(60)
if __name__ == '__main__':
    with multiprocessing.Pool(2) as pool:
        result = pool.map_async(work, range(2))
        time.sleep(1)
        print('ready', flush=True)
        result.get()
`);
    const rows = told(withCtrlC(['python3', path]).members);
    assert.equal(rows.length, 3);
    assert.ok(rows.every(([verdict]) => verdict === 'ended' || verdict === 'ok'), JSON.stringify(rows));
    assert.match(rows[0]?.[1] ?? '', /^−2 SIGINT, interrupted/);
  });

  test('of Node and its children, one with a handler', () => {
    const path = program('family.cjs', `
const { fork, spawn } = require('node:child_process');
if (process.argv[2]) {
  process.on('SIGINT', () => process.exit(130));
  process.send('up');
  setInterval(() => {}, 1000);
} else {
  spawn('sleep', ['60'], { stdio: 'inherit' });
  fork(__filename, ['child']).on('message', () => setTimeout(() => console.log('ready'), 500));
}
`);
    const rows = told(withCtrlC([process.execPath, path]).members);
    assert.deepEqual(rows.map(([verdict]) => verdict), ['ended', 'ended', 'ended'], JSON.stringify(rows));
  });
});

test('Stop leaves nothing that looks like a failure, also where no init waits for the orphans', { skip }, async () => {
  const path = program('stubborn.cjs', `
const { fork } = require('node:child_process');
if (process.argv[2] === 'leaves') process.on('SIGINT', () => process.exit(0));
if (process.argv[2]) { process.send('up'); setInterval(() => {}, 1000); }
else {
  // The children end after it, and it does not wait for them.
  process.on('SIGINT', () => process.exit(0));
  let up = 0;
  for (const name of ['leaves', 'dies']) fork(__filename, [name]).on('message', () => { if (++up === 2) console.log('ready'); });
}
`);
  const run = join(folder, 'stopped');
  mkdirSync(run);
  const child = spawn(process.execPath, [cli, 'run', '--wait', '--record', run, '--', process.execPath, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => child.once('close', done));
  await new Promise<void>((done) => child.stdout.on('data', (text: Buffer) => { if (String(text).includes('ready')) done(); }));
  assert.equal(spawnSync(process.execPath, [cli, 'open', run, '--stop'], { timeout: 30_000 }).status, 0);
  await ended;
  const { members } = readRun(run).report;
  const rows = told(members);
  assert.equal(rows.length, 3);
  assert.ok(rows.every(([verdict, row]) => /^(ok|ended)$/.test(verdict) && !/zombie|orphan/.test(row)), JSON.stringify(rows));
  for (const member of members) assert.ok(!member.marks.includes('zombie') && !member.marks.includes('orphan'), JSON.stringify(member.marks));
});

for (const { path: node, version } of sampleOf(findNodes())) {
  test(`Node ${version}: a supervisor ends and replaces its workers; one that dies by itself is the failure`, { skip }, async () => {
    const path = program('supervisor.cjs', `
const cluster = require('node:cluster');
const { spawn } = require('node:child_process');
if (cluster.isWorker) {
  // The channel to the primary keeps a worker alive.
  if (process.env.FAULTY) setTimeout(() => { throw Object.assign(new Error('first line\\nsecond line'), { code: 'E_WORKER' }); }, 50);
} else {
  const restarted = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const [polite, leaving] = [cluster.fork(), cluster.fork()];
  cluster.fork({ FAULTY: '1' }).on('exit', () => {
    polite.kill();
    leaving.disconnect();
    restarted.kill('SIGUSR2');
  });
}
`);
    const { members } = await observed([node, path]);
    assert.deepEqual(told(members).sort(), [
      ['ended', 'SIGTERM, terminated by its parent'], ['ended', 'SIGUSR2, ended by its parent'], ['failed', 'exit 1 Error: first line'], ['ok', 'exit 0'], ['ok', 'exit 0'],
    ]);
  });
}

test('the resource tracker outlives its run by a moment, as it is made to: it is no orphan', { skip }, async () => {
  const path = program('tracked.py', "import multiprocessing, time\nif __name__ == '__main__':\n    child = multiprocessing.get_context('spawn').Process(target=time.sleep, args=(0.1,))\n    child.start()\n    child.join()\n");
  const { members } = await observed(['python3', path]);
  assert.ok(members.some(({ name, marks }) => name === 'resource tracker' && !marks.includes('orphan')), JSON.stringify(members.map(({ name, marks }) => [name, marks])));
});
