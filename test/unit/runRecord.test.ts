import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readRun, RunRecord } from '../../src/observe/record/readRun';
import { createRunDirectory, eventsOf } from '../../src/observe/record/runDirectory';

const folder = mkdtempSync(join(tmpdir(), 'procession-record-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a record that is looked at again reads only what is new, and tells what a fresh reading tells', () => {
  const run = join(folder, 'run');
  createRunDirectory(run);
  const write = (id: string, event: object): void => appendFileSync(join(eventsOf(run), `${id}.ndjson`), `${JSON.stringify({ id, ...event })}\n`);
  const start = (id: string, parent: string): void => write(id, { e: 'start', t: 1_000, parent, ppid: parseInt(parent, 10), runtime: 'python', argv: ['python3', `${id}.py`] });
  for (let pid = 100; pid < 110; pid++) start(`${pid}.1`, '99.1');
  const record = new RunRecord(run);
  try {
    assert.equal(record.look().members.length, 10);
    assert.equal(record.look(), record.report(), 'nothing is new, so nothing is made anew');
    start('110.1', '100.1');
    write('99.1', { e: 'reap', t: 2_000, child: '101.1', code: 3, signal: null });
    const known = record.look();
    assert.deepEqual(known.members, readRun(run).report.members);
    assert.deepEqual(known.members.flatMap(({ pid, exit }) => (exit ? [[pid, exit.code]] : [])), [[101, 3]]);
    // Who reads from the start again would find nothing here.
    truncateSync(join(eventsOf(run), '105.1.ndjson'));
    write('111.1', { e: 'start', t: 3_000, parent: '99.1', ppid: 99, runtime: 'node', argv: ['node', 'x.js'] });
    assert.equal(record.look().members.length, 12);
  } finally {
    record.close();
  }
});
