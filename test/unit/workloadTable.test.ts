import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Followed } from '../../src/views/workload/run/followed';
import { TableData } from '../../src/views/workload/results/tableData';
import { journalOf } from '../../src/workload/protocol';

test('rows of the results table: waiting, running, done and failed, in the order chosen', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'procession-table-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const line = (i: number, us: number, rest: string): string => `{"e":"${rest.startsWith('"v"') ? 'done' : 'fail'}","i":${i},"w":2,"a":1,"t":0,"us":${us},"log":[0,${i}],${rest},"n":3,"row":"${i}"}\n`;
  writeFileSync(journalOf(directory), line(0, 3000, '"v":9007199254740993') + line(2, 1000, '"again":false,"error":{"type":"E","message":"m","file":"/f.py","line":7,"traceback":"T"}') + line(1, 2000, '"v":[1, 2]'));
  const worker = { number: 1, pid: 5, state: 'busy', row: { index: 3, text: '"3"', since: 0 }, done: 0, restarts: 0 };
  const data = new TableData({ directory, isLive: true, progress: { total: 5, workers: [worker] } } as unknown as Followed);
  await data.update();
  await data.arrange();
  assert.equal(data.total, 5);
  assert.deepEqual((await data.rows(0, 100)).map(({ index, status, row, result, milliseconds }) => [index, status, row, result, milliseconds]), [
    [0, 'done', '"0"', '9007199254740993', 3], [1, 'done', '"1"', '[1, 2]', 2], [2, 'failed', '"2"', 'E: m', 1], [3, 'running', '"3"', '', null], [4, 'waiting', '', '', null],
  ]);
  const arranged = async (order: Partial<typeof data.order>): Promise<number[]> => {
    data.order = { by: 'row', descending: false, status: 'all', ...order };
    await data.arrange();
    return (await data.rows(0, 100)).map(({ index }) => index);
  };
  assert.deepEqual(await arranged({ status: 'done', by: 'time' }), [1, 0]);
  assert.deepEqual(await arranged({ status: 'failed' }), [2], 'also when no row is new');
  assert.deepEqual(await data.detail(2), { index: 2, status: 'failed', row: '"2"', value: null, error: { title: 'E: m', traceback: 'T', file: '/f.py', line: 7 }, hasOutput: true });
  assert.deepEqual(await arranged({ descending: true }), [4, 3, 2, 1, 0]);
  data.order = { by: 'time', descending: false, status: 'all' };
  const overtaken = data.arrange();
  data.order = { by: 'row', descending: true, status: 'all' };
  assert.deepEqual([await data.arrange(), await overtaken], [true, false], 'another order calls a sort off');
  assert.equal(data.shown.by, 'row');
  const results = [];
  for await (const batch of data.results()) results.push(...batch);
  assert.deepEqual(results.map(({ index, value, error }) => [index, value ?? error?.type]), [[2, 'E'], [1, '[1, 2]'], [0, '9007199254740993']]);
});
