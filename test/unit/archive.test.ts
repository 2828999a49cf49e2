import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { archive } from '../../src/cli/archive';
import { ownRef } from '../../src/launch/launcher';
import { isLive, moveRun, pruneRuns } from '../../src/observe/record/archive';
import { createRunDirectory, listRuns, removeFolder, writeDescription } from '../../src/observe/record/runDirectory';

const folder = mkdtempSync(join(tmpdir(), 'procession-archive-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const day = 86_400_000;
const now = 100 * day;

function run(place: string, name: string, { age = 0, bytes = 0, live = false } = {}): string {
  const path = join(folder, place, name);
  createRunDirectory(path);
  writeDescription(path, { schema: 'procession.run/1', id: name, command: ['x'], cwd: '/', startedAt: now - age * day, observer: null });
  if (bytes) writeFileSync(join(path, 'out', 'stdout'), Buffer.alloc(bytes));
  if (live) writeFileSync(join(path, 'events', 'x.ndjson'), `${JSON.stringify({ e: 'start', id: ownRef(), t: now, ppid: 1, runtime: 'node', argv: ['node'] })}\n`);
  return path;
}
const left = (place: string): string[] => listRuns(join(folder, place)).map((path) => basename(path));
const plenty = { runs: 100, megabytes: 100, days: 100 };

test('the oldest runs go when they are too many, too big or too old; live ones never', () => {
  for (const name of ['a', 'b', 'c']) run('many', name);
  assert.deepEqual(pruneRuns(join(folder, 'many'), { ...plenty, runs: 2 }, now).map((path) => basename(path)), ['a']);
  assert.deepEqual(left('many'), ['b', 'c']);

  for (const name of ['a', 'b', 'c']) run('big', name, { bytes: 600_000 });
  pruneRuns(join(folder, 'big'), { ...plenty, megabytes: 1 }, now);
  assert.deepEqual(left('big'), ['c']);

  run('old', 'a', { age: 20, live: true });
  run('old', 'b', { age: 20 });
  run('old', 'c', { age: 2 });
  assert.equal(isLive(join(folder, 'old', 'a')), true);
  pruneRuns(join(folder, 'old'), { ...plenty, days: 10 }, now);
  assert.deepEqual(left('old'), ['a', 'c']);
});

test('what is no run directory is left alone', () => {
  mkdirSync(join(folder, 'foreign', 'precious'), { recursive: true });
  pruneRuns(join(folder, 'foreign'), { runs: 0, megabytes: 0, days: 0 }, now);
  assert.ok(existsSync(join(folder, 'foreign', 'precious')));
});

test('a run moves as a whole, also to another file system', { skip: !existsSync('/dev/shm') }, () => {
  const memory = mkdtempSync('/dev/shm/procession-test-');
  try {
    const from = run('moving', 'a', { bytes: 10 });
    const there = moveRun(from, join(memory, 'runs'));
    const back = moveRun(there, join(folder, 'kept'));
    assert.deepEqual([existsSync(from), existsSync(there), readdirSync(join(back, 'out'))], [false, false, ['stdout']]);
  } finally {
    rmSync(memory, { recursive: true, force: true });
  }
});

test('what is kept is counted once, when it is moved: its files are not looked at one by one ever after', () => {
  for (const name of ['a', 'b']) moveRun(run('counted', name, { bytes: 600_000 }), join(folder, 'archive'));
  assert.ok(Number(readFileSync(join(folder, 'archive', 'a', 'bytes'), 'utf8')) > 600_000);
  for (const name of ['a', 'b']) writeFileSync(join(folder, 'archive', name, 'bytes'), '10');
  assert.deepEqual(pruneRuns(join(folder, 'archive'), { ...plenty, megabytes: 1 }, now), []);
});

test('two windows move the same run: it is kept once', { skip: !existsSync('/dev/shm') }, () => {
  const memory = mkdtempSync('/dev/shm/procession-test-');
  try {
    const from = moveRun(run('twice', 'a', { bytes: 10 }), memory);
    assert.equal(moveRun(from, join(folder, 'once')), moveRun(from, join(folder, 'once')));
    assert.deepEqual([left('once'), existsSync(from)], [['a'], false]);
    assert.throws(() => moveRun(join(memory, 'none'), join(folder, 'once')), /ENOENT/);
    assert.deepEqual(readdirSync(join(folder, 'once')), ['a']);
  } finally {
    rmSync(memory, { recursive: true, force: true });
  }
});

test('what a process has left half moved or half removed goes with the next who makes room', () => {
  for (const name of ['a.123.new', 'b.123.removed', 'c.456.new']) run('half', name);
  for (const name of ['a.123.new', 'b.123.removed']) utimesSync(join(folder, 'half', name), 1, 1);
  utimesSync(join(folder, 'half', 'c.456.new'), now / 1000, now / 1000);
  pruneRuns(join(folder, 'half'), plenty, now);
  assert.deepEqual(readdirSync(join(folder, 'half')), ['c.456.new']);
});

test('procession archive moves a run and makes room; limits that are no numbers remove nothing', async (t) => {
  process.env.PROCESSION_RUNS = join(folder, 'live');
  t.after(() => delete process.env.PROCESSION_RUNS);
  const to = join(folder, 'cli');
  for (const name of ['a', 'b']) await archive(['--to', to, run('live', name)]);
  assert.deepEqual([left('cli'), left('live')], [['a', 'b'], []]);
  await assert.rejects(async () => archive(['--to', to, '--runs', 'many']), /many is no number\. Correct the setting "procession\.keepRuns"/);
  assert.deepEqual(left('cli'), ['a', 'b']);
  await archive(['--to', to, '--runs', '1']);
  assert.deepEqual(left('cli'), ['b']);
});

test('a run is removed also while its processes write', { skip: process.platform === 'win32' }, async () => {
  for (let round = 0; round < 10; round++) {
    const path = run('busy', 'a');
    const writer = spawn('sh', ['-c', 'i=0; while echo x >> "$0/events/$i.ndjson"; do i=$((i+1)); done', path], { stdio: 'ignore' });
    const ended = once(writer, 'exit');
    while (readdirSync(join(path, 'events')).length < 20) await new Promise((next) => setTimeout(next, 1));
    removeFolder(path);
    assert.deepEqual(readdirSync(join(folder, 'busy')), []);
    await ended;
    assert.deepEqual(readdirSync(join(folder, 'busy')), []);
  }
  removeFolder(join(folder, 'busy', 'none'));
});
