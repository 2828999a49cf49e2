import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { journalOf, logOf, progressOf } from '../../src/workload/protocol';
import { Ground, until } from './mapping';
import { findPythons, sampleOf } from './toolchains';

let ground: Ground;
beforeEach(() => (ground = new Ground()));
afterEach(() => ground.close());

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const shell = async (script: string, ...args: string[]) =>
  spawnSync('sh', ['-c', script, process.execPath, await Ground.program(), ...args], { cwd: ground.folder, env: ground.environment, encoding: 'utf8', timeout: 120_000, maxBuffer: 1 << 28 });
const ran = (): number[] => ground.read('ran').split('\n').filter(Boolean).map(Number);
const marking = 'import os\ndef f(x):\n    descriptor = os.open(os.path.dirname(os.path.abspath(__file__)) + "/ran", os.O_WRONLY | os.O_APPEND | os.O_CREAT)\n    os.write(descriptor, b"%d\\n" % x)\n    os.close(descriptor)\n    return "z" * 3000\n';

describe('descriptors that a task closes', () => {
  for (const { path, version } of sampleOf(findPythons())) {
    it(`are its own matter: Python ${version}`, async () => {
      ground.write({ 'work.py': `
import os, sys
def zero(x): os.close(0)
def one(x): os.close(1)
def two(x): os.close(2)
def stream(x): sys.stdout.close()
def owned(x):
    with open(1, 'w') as file: file.write('told by %d\\n' % x)
def some(x): os.closerange(3, 64)
def most(x):
    os.closerange(3, 1 << 20)
    return 'x' * 200_000
def each(x): os.closerange(0, 1 << 20)
def redirected(x):
    mine = os.open('mine', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(mine, 1)
    os.close(mine)
    print('mine', x)
def opens(x):
    os.close(1)
    file = open('opened', 'a')
    file.write('x')
    file.close()
    raise KeyError(x)
def f(name, x): return globals()[name](x)
` });
      const rowsOf = (names: string[]): string => JSON.stringify(names.flatMap((name) => [0, 1, 2].map((x) => [name, x])));
      for (const isolation of ['worker', 'fork']) {
        const map = (names: string[]) => ground.map('--python', 'work.py:f', '--rows', rowsOf(names), '--workers', '1', '--batch', '1', '--interpreter', path, '--isolation', isolation, '--order', 'input');
        const survived = await map(['zero', 'one', 'two', 'stream', 'owned', 'some', 'redirected', 'owned', 'one']);
        assert.deepEqual([survived.status, survived.results.length], [0, 27], `${isolation}: ${survived.err}`);
        assert.equal(ground.progress()?.workers[0]?.restarts, 0, 'the worker itself goes on');
        for (const { i, w, log } of ground.tasks()) if (i > 11 && i < 15) assert.equal(readFileSync(logOf(ground.run(), w)).subarray(...log).toString(), `told by ${i - 12}\n`, 'what is printed after that is found');
        const replaced = await map(['most', 'each', 'most']);
        assert.deepEqual([replaced.status, replaced.results.map(({ value }) => (value as string | null)?.length ?? 0)], [0, [200_000, 200_000, 200_000, 0, 0, 0, 200_000, 200_000, 200_000]], `${isolation}: ${replaced.err}`);
        const failed = await map(['opens']);
        assert.deepEqual(failed.results.map(({ error }) => [error?.type, error?.line]), Array(3).fill(['KeyError', 24]), isolation);
      }
      assert.equal(ground.read('mine').match(/^mine \d$/gm)?.length, 6);
      assert.equal(ground.read('opened'), 'xxxxxx', 'nothing of anybody else gets into the task\'s file');
    });
  }

  it('are its own matter: Node', async () => {
    ground.write({ 'work.mjs': `
import { closeSync, openSync, writeSync } from 'node:fs';
export const one = () => { closeSync(1); };
export const most = () => { for (let i = 3; i < 64; i++) try { closeSync(i); } catch { /* It is closed. */ } };
export const prints = (x) => { console.log('told by', x); closeSync(1); };
export const opens = (x) => { closeSync(3); const file = openSync('mine', 'a'); writeSync(file, 'x'); };
` });
    for (const name of ['one', 'most', 'prints', 'opens']) {
      const { status, results, err } = await ground.map('--node', `work.mjs:${name}`, '--range', '0:4', '--workers', '1', '--batch', '1', '--order', 'input');
      assert.deepEqual([status, results.map(({ status: one }) => one)], [0, Array(4).fill('done')], `${name}: ${err}`);
      if (name === 'prints') for (const task of ground.tasks()) assert.equal(readFileSync(logOf(ground.run(), task.w)).subarray(...task.log).toString(), `told by ${task.i}\n`);
    }
    assert.equal(ground.read('mine'), 'xxxx');
  });
});

/** A folder that holds so many kB, in a mount namespace of its own; undefined where that is not allowed. */
const canMount = spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0;

describe('where a disk is full', { skip: !canMount && 'needs a mount namespace' }, () => {
  /** Runs shell commands in a folder with such a disk; `map` is the command line. */
  const onDisk = async (size: string, ...commands: string[]): ReturnType<typeof shell> => {
    ground.write({ 'work.py': marking, 'disk.sh': [
      `mkdir disk && mount -t tmpfs -o size=${size} none disk || exit 99`, `map() { '${process.execPath}' '${await Ground.program()}' --python work.py:f --range 0:2000 --workers 2 --quiet "$@"; echo "status $?" >&2; }`, ...commands,
    ].join('\n') });
    return shell('unshare -rm sh disk.sh');
  };
  const room = 'mount -o remount,size=50m disk';

  it('the journal says so, keeps what it has, and goes on when there is room', async () => {
    const { stderr, stdout } = await onDisk('600k', 'export XDG_STATE_HOME=$PWD/disk', 'map --no-print', 'map --no-print --resume', room, 'map --resume');
    assert.match(stderr, /The journal .*journal\.ndjson can't be written: the disk is full \(ENOSPC\)\. No more tasks are started/);
    assert.match(stderr, /halted \(.*\); go on with --resume\. \d+ done, 0 failed \(of which \d+ could not be kept, and run again\)/);
    assert.match(stderr, /worker can't start: .*No space left on device: '.*slot'/, 'there is still no room');
    assert.deepEqual(stderr.match(/^status \d+/gm), ['status 103', 'status 103', 'status 0']);
    assert.deepEqual(stdout.trimEnd().split('\n').map((line) => (JSON.parse(line) as { index: number }).index).sort((a, b) => a - b), range(2000));
    assert.doesNotMatch(stderr, /\bat .*:\d+:\d+/, 'no stack');
  });

  it('the results say so, and are whole afterwards', async () => {
    const { stderr } = await onDisk('600k', 'map --results disk/r.csv', room, 'map --results disk/r.csv --resume', 'cp disk/r.csv r.csv');
    assert.match(stderr, /The results .*disk\/r\.csv can't be written: the disk is full \(ENOSPC\)/);
    assert.deepEqual(stderr.match(/^status \d+/gm), ['status 103', 'status 0']);
    assert.equal(ground.read('r.csv').trimEnd().split('\n').length, 2001);
    assert.deepEqual(ran().sort((a, b) => a - b), range(2000), 'nothing ran twice');
  });
});

describe('standard output', () => {
  it('that takes nothing is told', { skip: !existsSync('/dev/full') && 'needs /dev/full' }, async () => {
    ground.write({ 'work.py': marking });
    const { status, stderr } = await shell('"$0" "$1" --python work.py:f --range 0:200 --quiet > /dev/full');
    assert.equal(status, 103);
    assert.match(stderr, /The results on standard output can't be written: the disk is full \(ENOSPC\)/);
    assert.match(stderr, /go on with --resume\. \d+ done, 0 failed\. Journal: /);
  });

  it('that nobody reads any more is told', async () => {
    ground.write({ 'work.py': 'import time\ndef f(x):\n    time.sleep(0.001)\n    return "z" * 3000\n' });
    const { stdout, stderr } = await shell('("$0" "$1" --python work.py:f --range 0:20000 --quiet; echo "status $?" >&2) | head -1');
    assert.match(stdout, /^\{"index":\d+/);
    assert.match(stderr, /stopped \(nobody reads standard output any more\); go on with --resume/);
    assert.match(stderr, /status 141/);
  });
});

describe('an end can\'t be mistaken', () => {
  it('has a status and a message of its own, under --quiet, too', async () => {
    ground.write({ 'work.py': 'def f(x):\n    if x == 1: raise ValueError("one\\nmore")\n    if x > 2: raise KeyError(x)\n', 'bad.workload.json': '{' });
    mkdirSync(join(ground.folder, 'folder.workload.json'));
    mkdirSync(join(ground.folder, 'r.csv'));
    const f = ['--python', 'work.py:f'];
    for (const [message, ...args] of [
      [/no file .*nowhere\.py/, '--python', 'nowhere.py:f', '--range', '0:2'], [/has no function "g"/, '--python', 'work.py:g', '--range', '0:2'],
      [/no-such-python can't be started/, ...f, '--range', '0:2', '--interpreter', '/no-such-python'], [/nowhere\.csv can't be read: there is no such file/, ...f, '--csv', 'nowhere.csv'],
      [/folder\.workload\.json can't be read: it is a folder/, 'folder.workload.json'], [/bad\.workload\.json is not JSON/, 'bad.workload.json'], [/--range takes START:STOP/, ...f, '--range', 'x'],
      [/r\.csv can't be written: it is a folder/, ...f, '--range', '0:2', '--results', 'r.csv'], [/The folder of the journal .*work\.py can't be made: something else has that name \(EEXIST\)\. Name another one with --run DIR/, ...f, '--range', '0:2', '--run', 'work.py'],
      [/Unknown option '--nonsense'/, '--nonsense'],
    ] as const) {
      const { status, err, out } = await ground.map(...args, '--quiet');
      assert.deepEqual([status, out], [102, ''], err);
      assert.match(err, message);
      assert.doesNotMatch(err, /\n\s+at /);
    }
    const gone = await shell('mkdir gone; cd gone; rmdir ../gone; "$0" "$1" --range 0:2 -- true');
    assert.deepEqual([gone.status, /The folder in which this was started is gone/.test(gone.stderr)], [102, true], gone.stderr);
    const { status, err } = await ground.map(...f, '--range', '0:6', '--quiet', '--workers', '1');
    assert.equal(status, 4);
    assert.match(err, /^procession: 2 done, 4 failed\. Journal: .*\nprocession: row 1: ValueError: one \(work\.py:2\)\nprocession: row 3: KeyError: 3 \(work\.py:3\)\n/);
    const again = await ground.map(...f, '--range', '0:6', '--quiet', '--resume');
    assert.deepEqual([again.status, /rows 1, 3, 4, 5: failed before; --retry-failed runs/.test(again.err)], [4, true], again.err);
    const many = await ground.map(...f, '--range', '3:30', '--quiet');
    assert.match(many.err, /and 17 more: the results and the journal name them\n$/);
    const none = await ground.map(...f, '--rows', '[]');
    assert.deepEqual([none.status, /no rows/.test(none.err)], [0, true]);
  });

  it('is silent when all went well', async () => {
    const { status, err } = await ground.write({ 'work.py': 'def f(x): return x\n' }).map('--python', 'work.py:f', '--range', '0:6', '--quiet');
    assert.deepEqual([status, err], [0, '']);
  });
});

describe('placeholders', () => {
  it('are those of the first row, and a command without any says what it does', async () => {
    ground.write({ 'l.txt': 'a 1\nb 2\n' });
    const lines = async (...command: string[]): Promise<unknown[]> => (await ground.map('--lines', 'l.txt', '--order', 'input', '--quiet', '--', ...command)).results.map(({ value }) => value);
    assert.deepEqual(await lines('awk', '{print}', 'l.txt'), ['a 1\nb 2', 'a 1\nb 2']);
    assert.deepEqual(await lines('grep', '-cE', 'a{1}', 'l.txt'), ['1', '1']);
    assert.deepEqual(await lines('echo', '{"a": {}}', '{{}}', '{}'), ['{"a": {}} {} a 1', '{"a": {}} {} b 2']);
    assert.deepEqual(await lines('sh', '-c', 'x=5; echo ${x} ${#x}'), ['5 1', '5 1']);
    const { err } = await ground.map('--lines', 'l.txt', '--', 'echo', 'fixed');
    assert.match(err, /The command has no placeholder: it runs once for each row, the same each time/);
  });
});

describe('old journals', () => {
  it('make room for new ones, and those that are wanted stay', async () => {
    ground.write({ 'work.py': 'import os, time\ndef f(x): return x\ndef waits(x):\n    while not os.path.exists("go"): time.sleep(0.02)\n' });
    const state = join(ground.folder, '.state', 'procession', 'workloads');
    const runs = (): string[] => readdirSync(state).filter((name) => name !== 'bell').flatMap((name) => readdirSync(join(state, name)).map((run) => join(state, name, run)));
    const { ended } = await ground.start(['--python', 'work.py:waits', '--range', '0:1']);
    await until('it runs', () => ground.progress()?.workers.some(({ row }) => row !== null) ?? false);
    const live = ground.run();
    await ground.map('--python', 'work.py:f', '--range', '0:2');
    const long = ground.run();
    // It took two minutes, yesterday.
    const progress = JSON.parse(readFileSync(progressOf(long), 'utf8')) as { t: number; startedAt: number };
    writeFileSync(progressOf(long), JSON.stringify({ ...progress, t: progress.t - 86_400_000, startedAt: progress.t - 86_520_000 }));
    await ground.map('--python', 'work.py:f', '--range', '0:3');
    const short = ground.run();
    // Fifty others, all of them newer: copies of the short one with later names.
    for (let i = 0; i < 60; i++) spawnSync('cp', ['-r', short, join(mkdirOf(state, `other-${i}`), `2099${String(i).padStart(4, '0')}-000000-abcdef`)]);
    const { err } = await ground.map('--python', 'work.py:f', '--range', '0:4');
    assert.match(err, /Removed \d+ old journals: .*The newest 50 are kept, and for 14 days those that took more than a minute\./);
    assert.deepEqual([live, long, short].map((run) => existsSync(journalOf(run))), [true, true, false]);
    assert.ok(runs().length <= 53, `${runs().length} are left`);
    ground.write({ go: '' });
    assert.equal((await ended).status, 0);
  });
});

function mkdirOf(folder: string, name: string): string {
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
}

it('many short rows are not sorted because one was held up the last time', async () => {
  ground.write({ 'work.py': 'def f(x): return x\n', 'w.workload.json': JSON.stringify({ run: { python: 'work.py:f' }, over: { range: [0, 30_000] } }) });
  assert.equal((await ground.map('w.workload.json', '--no-print')).status, 0);
  const journal = journalOf(ground.run());
  writeFileSync(journal, readFileSync(journal, 'utf8').replace(/"longest":\d+/, '"longest":200000').replace(/^(\{"e":"done","i":29999,.*?,"us":)\d+/m, '$1200000'));
  assert.equal((await ground.map('w.workload.json', '--no-print')).status, 0);
  assert.equal(ground.tasks()[0]?.i, 0, 'they go in their order, as they are read');
});
