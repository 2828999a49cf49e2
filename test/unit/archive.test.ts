import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { ownRef } from '../../src/launch/launcher';
import { isLive, moveRun, pruneRuns } from '../../src/observe/archive';
import { createRunDirectory, listRuns, removeFolder, writeDescription } from '../../src/observe/runDirectory';

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
