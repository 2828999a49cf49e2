import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Event } from '../../src/core/events';
import { membersOf } from '../../src/core/members';
import { emptyState, reduce } from '../../src/core/state';
import { RunReader } from '../../src/observe/record/reader';
import { createRunDirectory, eventsOf, liveOf } from '../../src/observe/record/runDirectory';
import { until } from './mapping';

/** Event files on a real disk, of processes that have ended and of others that have not. */
describe('event files of processes that have ended', () => {
  let run: string;
  let reader: RunReader;
  let seen: Event[];
  beforeEach(() => {
    run = mkdtempSync(join(tmpdir(), 'reader-'));
    createRunDirectory(run);
    seen = [];
  });
  afterEach(() => {
    reader.close();
    rmSync(run, { recursive: true, force: true });
  });

  const read = (follow: boolean): void => void (reader = new RunReader(run, { follow, onEvents: (events) => seen.push(...events) }));
  const write = (id: string, fact: Record<string, unknown>): void => appendFileSync(join(eventsOf(run), `${id}.ndjson`), `${JSON.stringify({ t: 1, id, ...fact })}\n`);
  const start = (id: string): void => write(id, { e: 'start', ppid: 1, runtime: 'python', argv: ['python'] });
  const count = (id: string): number => seen.filter((event) => event.id === id).length;
  /** Looks often enough that what is quiet is let go. */
  const lookLong = (): void => {
    for (let i = 0; i < 10; i++) reader.look();
  };
  /** As if the folder had been changed long ago: only what its time shows is found in it. */
  const age = (): void => utimesSync(eventsOf(run), 1, 1);

  it('are let go: late words are read with everything, and with them what follows', () => {
    read(false);
    for (const id of ['2.1', '2.2', '2.3']) start(id);
    write('2.1', { e: 'exit', code: 0, signal: null });
    write('9.9', { e: 'reap', child: '2.2', code: 0, signal: null });
    lookLong();
    assert.deepEqual(['2.1', '2.2', '2.3', '9.9'].map(count), [2, 1, 1, 1]);
    for (const id of ['2.1', '2.2', '2.3', '9.9']) write(id, { e: 'self', name: 'late' });
    reader.look();
    assert.deepEqual(['2.1', '2.2', '2.3', '9.9'].map(count), [2, 1, 2, 2], 'those that may live are read at once');
    reader.readAll();
    assert.deepEqual(['2.1', '2.2', '2.3', '9.9'].map(count), [3, 2, 2, 2]);
    write('2.1', { e: 'self', name: 'later' });
    reader.look();
    assert.equal(count('2.1'), 4, 'who has spoken again is listened to again');
    lookLong();
    assert.equal(seen.length, 10, 'nothing is read twice');
    assert.deepEqual(reader.counts, { garbled: 0, unknown: 0 });
  });

  it('are not let go in the middle of a line', () => {
    read(false);
    start('2.1');
    write('2.1', { e: 'exit', code: 0, signal: null });
    appendFileSync(join(eventsOf(run), '2.1.ndjson'), '{"e":"self","t":1,"id":"2.1",');
    lookLong();
    appendFileSync(join(eventsOf(run), '2.1.ndjson'), '"name":"whole"}\n');
    reader.look();
    assert.equal(count('2.1'), 3);
  });

  it('speak up while they are followed', async () => {
    read(true);
    start('2.1');
    write('2.1', { e: 'exit', code: 0, signal: null });
    await until('it is read', () => count('2.1') === 2, 10_000);
    lookLong();
    write('2.1', { e: 'self', name: 'late' });
    await until('the late word is read', () => count('2.1') === 3, 10_000);
  });

  it('hold what their writers can know: a probe tells of itself and of its children, under its own name', () => {
    read(false);
    const seenBy = (file: string, id: string): void => appendFileSync(join(eventsOf(run), `${file}.ndjson`), `${JSON.stringify({ e: 'seen', t: 1, id, child: '7.7', ppid: 1 })}\n`);
    start('2.1');
    write('2.1', { e: 'spawn', child: '3.1', method: 'fork' });
    write('5@9.1', { e: 'spawn', child: '6@9.1', method: 'fork' });
    write('2.1', { e: 'gone', child: '7.7' });
    write('2.1', { e: 'root', child: '7.7' });
    write('2.1', { e: 'signal', to: '7.7', signal: 'SIGKILL', by: 'procession' });
    seenBy('2.1', '2.1');
    seenBy('5@9.1', '5@9.1');
    seenBy('2.1', '1.1');
    seenBy('launcher-1.1', '8.8');
    seenBy('launcher-1.1', '1.1');
    reader.readAll();
    assert.deepEqual(seen.map(({ e, id }) => [e, id]).sort(), [['seen', '1.1'], ['spawn', '2.1'], ['spawn', '5@9.1'], ['start', '2.1']]);
    assert.deepEqual(reader.counts, { garbled: 7, unknown: 0 });
  });

  it('are read to their end where they lie when they were moved, and a folder that is gone on purpose is no problem', async () => {
    let vanished = 0;
    reader = new RunReader(run, { onEvents: (events) => seen.push(...events), onVanished: () => ++vanished > 0 });
    start('2.1');
    await until('it is read', () => count('2.1') === 1, 10_000);
    write('2.1', { e: 'exit', code: 0, signal: null });
    renameSync(run, `${run}.moved`);
    await until('its folder is missed', () => vanished === 1, 10_000);
    reader.moveTo(`${run}.moved`);
    rmSync(`${run}.moved`, { recursive: true });
    assert.deepEqual(seen.map(({ e }) => e), ['start', 'exit']);
  });

  it('tell their newest numbers, also when the clock was set back', () => {
    read(false);
    const state = emptyState();
    start('2.1');
    for (const [t, rss] of [[100_000, 1_000], [40_000, 2_000], [41_000, 3_000]]) {
      writeFileSync(liveOf(run), `${JSON.stringify({ e: 'sample', t, id: '9.9', child: '2.1', ppid: 1, state: 'S', cpu: 1, load: 0, rss, threads: 1 })}\n`);
      reader.look();
    }
    for (const event of seen) reduce(state, event);
    assert.equal(membersOf(state)[0]?.rss, 3_000);
  });

  it('new files are found, whatever the time of their folder says', () => {
    read(false);
    start('2.1');
    age();
    lookLong();
    start('2.2');
    reader.look();
    assert.equal(count('2.2'), 1);
    // A folder whose time does not show the change: the next list comes all the same.
    start('2.3');
    age();
    reader.look();
    start('2.4');
    age();
    for (let i = 0; i < 40; i++) reader.look();
    assert.deepEqual(['2.3', '2.4'].map(count), [1, 1]);
  });
});
