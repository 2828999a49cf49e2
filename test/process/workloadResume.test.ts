import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Ground, until } from './mapping';

let ground: Ground;
beforeEach(() => (ground = new Ground()));
afterEach(() => ground.close());

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const sorted = (numbers: number[]): number[] => [...numbers].sort((a, b) => a - b);
const ran = (): number[] => ground.read('ran').split('\n').filter(Boolean).map(Number);
const marking = `
import os, time
def mark(x):
    descriptor = os.open('ran', os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, b'%d\\n' % x)
    os.close(descriptor)
`;

describe('resume', () => {
  it('brings every row exactly once into the results, however often the runner is killed', async () => {
    ground.write({ 'work.py': `${marking}\ndef f(x):\n    time.sleep(0.002)\n    mark(x)\n    return x * x\n`, 'w.workload.json': JSON.stringify({ run: { python: 'work.py:f' }, over: { range: [0, 600] }, results: 'r.jsonl' }) });
    let kills = 0;
    for (let round = 0; round < 6; round++) {
      const before = ran().length;
      const { child, ended } = await ground.start(['w.workload.json', ...(round ? ['--resume'] : [])]);
      let isOver = false;
      void ended.then(() => (isOver = true));
      await until('some tasks ran', () => isOver || ran().length > before + 20 + Math.floor(Math.random() * 60));
      if (isOver) break;
      child.kill('SIGKILL');
      kills++;
      await ended;
      await until('no worker is left', () => ground.left().length === 0);
    }
    assert.ok(kills >= 3, `killed ${kills} times`);
    const { status, err } = await ground.map('w.workload.json', '--resume');
    assert.equal(status, 0, err);
    const results = ground.read('r.jsonl').trimEnd().split('\n').map((line) => JSON.parse(line) as { index: number; value: number });
    assert.deepEqual(sorted(results.map(({ index }) => index)), range(600));
    assert.ok(results.every(({ index, value }) => value === index * index));
    assert.ok(ran().length <= 600 + kills * 2 * 20, `${ran().length} runs: only what was under way may run twice`);
    assert.deepEqual(sorted(ground.tasks().map(({ i }) => i)), range(600), 'the journal holds every row once');
  });

  it('runs what is new, wherever it was inserted, and only that', async () => {
    ground.write({ 'work.py': `${marking}\ndef f(x):\n    mark(x)\n    return x + 1\n` });
    const over = (rows: number[]): Record<string, unknown> => ({ run: { python: 'work.py:f' }, over: { rows }, results: 'r.jsonl' });
    await ground.workload(over(range(100)));
    const rows = [...range(100).slice(60), ...range(50).map((i) => i + 1000), ...range(50)];
    const { status } = await ground.workload(over(rows), '--resume');
    assert.equal(status, 0);
    assert.deepEqual(sorted(ran()), sorted([...range(100), ...range(50).map((i) => i + 1000)]));
    const results = ground.read('r.jsonl').trimEnd().split('\n').map((line) => JSON.parse(line) as { index: number; row: number; value: number });
    assert.deepEqual(results.sort((a, b) => a.index - b.index).map(({ row, value }) => [row, value]), rows.map((row) => [row, row + 1]));
  });

  it('runs all again when the code has changed, unless it is told not to mind', async () => {
    const workload = { run: { python: 'work.py:f' }, over: { range: [0, 10] } };
    ground.write({ 'work.py': `${marking}\ndef f(x):\n    mark(x)\n` });
    await ground.workload(workload);
    ground.write({ 'work.py': `${marking}\ndef f(x):\n    mark(x)\n    return 1\n` });
    await ground.workload({ ...workload, rerunOn: ['args'] }, '--resume');
    assert.equal(ran().length, 10);
    await ground.workload(workload, '--resume');
    assert.equal(ran().length, 20);
  });

  it('leaves failures, retries them, or retries nothing else', async () => {
    ground.write({ 'work.py': `${marking}\ndef f(x):\n    mark(x)\n    if x % 5 == 0 and not os.path.exists('fixed'): raise ValueError(x)\n    return x\n` });
    const workload = (count: number): Record<string, unknown> => ({ run: { python: 'work.py:f' }, over: { range: [0, count] } });
    assert.equal((await ground.workload(workload(10))).status, 2);
    const again = await ground.workload(workload(10), '--resume');
    assert.equal(again.status, 2, 'what has failed counts');
    assert.equal(again.results.filter(({ error }) => error).length, 2);
    assert.equal(ran().length, 10);
    ground.write({ fixed: '' });
    const dry = await ground.workload(workload(12), '--retry-failed', '--dry-run');
    assert.equal(dry.out, '{"index":0,"row":0}\n{"index":5,"row":5}\n');
    assert.equal((await ground.workload(workload(12), '--retry-failed')).status, 0);
    assert.deepEqual(ran().slice(10).sort(), [0, 5]);
    const all = await ground.workload(workload(12), '--resume', '--retry-failed');
    assert.equal(all.status, 0);
    assert.deepEqual(sorted(all.results.map(({ index }) => index)), range(12));
    assert.deepEqual(ran().slice(12).sort((a, b) => a - b), [10, 11]);
  });

  it('runs single rows again: what failed also with corrected code, what is done when that is said', async () => {
    const code = (corrected: boolean): string => `${marking}\ndef f(x):\n    mark(x)\n    if x % 5 == 0 and not ${corrected ? 'True' : 'False'}: raise ValueError(x)\n    return x\n`;
    const workload = { run: { python: 'work.py:f' }, over: { range: [0, 10] } };
    ground.write({ 'work.py': code(false) });
    assert.equal((await ground.workload(workload)).status, 2);
    ground.write({ 'work.py': code(true) });
    const one = await ground.workload(workload, '--retry-failed', '--only', '5,7');
    assert.deepEqual(ran().slice(10), [5], 'a row that is done is not run, a failed one that is not named neither');
    assert.equal(one.status, 1, 'the other failure still counts');
    assert.equal((await ground.workload(workload, '--again', '--only', '0,7')).status, 0);
    assert.deepEqual(sorted(ran().slice(11)), [0, 7]);
    assert.match((await ground.workload(workload, '--again')).err, /name the rows with --only/);
    assert.match((await ground.workload(workload, '--retry-failed', '--only', 'x')).err, /numbers of rows/);
  });

  it('shows a row as a worker gets it', async () => {
    ground.write({ 'rows.csv': 'a,b\n1,x\n2,y\n' });
    const workload = { run: { python: 'work.py:f' }, over: { csv: 'rows.csv' } };
    assert.equal((await ground.workload(workload, '--show-row', '1')).out, '{"a":"2","b":"y"}\n');
    const missing = await ground.workload(workload, '--show-row', '2');
    assert.deepEqual([missing.status, missing.out], [102, '']);
    assert.match(missing.err, /There is no row 2: there are 2/);
  });

  it('refuses a workload that is running', async () => {
    ground.write({ 'work.py': 'import os, time\ndef f(x):\n    while not os.path.exists("go"): time.sleep(0.02)\n', 'w.workload.json': JSON.stringify({ run: { python: 'work.py:f' }, over: { range: [0, 2] } }) });
    const { child, ended } = await ground.start(['w.workload.json']);
    await until('it runs', () => ground.progress()?.workers.some(({ row }) => row !== null) ?? false);
    const second = await ground.map('w.workload.json', '--resume');
    assert.equal(second.status, 102);
    assert.match(second.err, new RegExp(`is running \\(pid ${child.pid}`));
    ground.write({ go: '' });
    assert.equal((await ended).status, 0);
  });

  it('lets one of two that resume at the same moment have the journal', async () => {
    ground.write({ 'work.py': `${marking}\ndef f(x):\n    mark(x)\n    time.sleep(0.2)\n    return x\n`, 'w.workload.json': JSON.stringify({ run: { python: 'work.py:f' }, over: { range: [0, 6] } }) });
    const { child, ended } = await ground.start(['w.workload.json']);
    await until('some tasks ran', () => ran().length > 0);
    child.kill('SIGKILL');
    await ended;
    const both = await Promise.all([1, 2, 3].map(() => ground.start(['w.workload.json', '--resume'])));
    const endings = await Promise.all(both.map((one) => one.ended));
    assert.deepEqual(sorted(endings.map(({ status }) => status ?? -1)), [0, 102, 102]);
    for (const { status, err } of endings) if (status === 102) assert.match(err, /is running \(pid \d+/);
    const done = ground.tasks().map(({ i }) => i);
    assert.deepEqual(sorted(done), range(6), 'every row has one result');
    assert.equal((await ground.map('w.workload.json', '--resume')).status, 0, 'and gives it back');
  });

  it('a row that was done and fails when it is run again has failed, until it is retried', async () => {
    ground.write({ 'work.py': `${marking}\ndef f(x):\n    mark(x)\n    if x == 1 and os.path.exists('broken'): raise ValueError(x)\n    return x\n` });
    const workload = { run: { python: 'work.py:f' }, over: { range: [0, 3] }, results: 'r.jsonl' };
    const told = (): string[] => ground.read('r.jsonl').trimEnd().split('\n').map((line) => JSON.parse(line) as { index: number; status: string }).sort((a, b) => a.index - b.index).map(({ status }) => status);
    assert.equal((await ground.workload(workload)).status, 0);
    ground.write({ broken: '' });
    assert.equal((await ground.workload(workload, '--again', '--only', '1')).status, 1);
    assert.deepEqual(told(), ['done', 'failed', 'done']);
    assert.equal((await ground.workload(workload, '--resume')).status, 1, 'it still has failed');
    rmSync(join(ground.folder, 'broken'));
    assert.equal((await ground.workload(workload, '--retry-failed')).status, 0);
    assert.deepEqual(ran().slice(3), [1, 1]);
    assert.deepEqual(told(), ['done', 'done', 'done']);
  });

  it('in the order of the input, the results of before stay until all of them can be told', async () => {
    ground.write({ 'work.py': 'import os, time\ndef f(row):\n    while row["a"] == 2 and not os.path.exists("go"): time.sleep(0.02)\n    return row["a"]\n', 'rows.jsonl': '{"a":\t1}\n{"a": 3}\n' });
    const workload = { run: { python: 'work.py:f' }, over: { jsonl: 'rows.jsonl' }, order: 'input', results: 'r.csv' };
    const first = await ground.workload(workload);
    assert.equal(first.status, 0, first.err);
    assert.equal(ground.read('r.csv').split('\n').length, 4, 'a tab within a row is no field of ours');
    ground.write({ 'rows.jsonl': '{"a":\t1}\n{"a": 3}\n{"a": 2}\n' });
    const { child, ended } = await ground.start(['w.workload.json', '--resume']);
    await until('the new row runs', () => ground.progress()?.workers.some(({ row }) => row?.index === 2) ?? false);
    assert.equal(ground.read('r.csv').split('\n').length, 4);
    child.kill('SIGKILL');
    await ended;
    assert.equal(ground.read('r.csv').split('\n').length, 4);
    ground.write({ go: '' });
    assert.equal((await ground.map('w.workload.json', '--resume')).status, 0);
    assert.deepEqual(ground.read('r.csv').split('\n').slice(1, 4).map((line) => line.split(',').slice(0, 2).join()), ['0,1', '1,3', '2,2']);
  });

  it('a run after the first starts the longest tasks first', async () => {
    ground.write({ 'work.py': `${marking}\ndef f(x):\n    mark(x)\n    time.sleep({7: 0.3, 4: 0.2}.get(x, 0))\n` });
    const workload = { run: { python: 'work.py:f' }, over: { range: [0, 9] }, workers: 1 };
    await ground.workload(workload);
    await ground.workload(workload);
    assert.deepEqual(ran().slice(9, 11), [7, 4]);
  });
});

describe('when the runner is killed', () => {
  const kill = async (workload: Record<string, unknown>, isUnderWay: () => boolean): Promise<void> => {
    ground.write({ 'w.workload.json': JSON.stringify({ grace: 0.5, ...workload }) });
    const { child, ended } = await ground.start(['w.workload.json']);
    await until('tasks run', isUnderWay);
    child.kill('SIGKILL');
    await ended;
    await until('no worker is left', () => ground.left().length === 0);
  };

  it('Python and Node workers end, also those that never look at their input', async () => {
    ground.write({ 'work.py': `${marking}\ndef f(x):\n    mark(x)\n    while True: pass\n`, 'work.mjs': 'import { appendFileSync } from "node:fs";\nexport function f(x) { appendFileSync("ran", x + "\\n"); for (;;); }\n' });
    await kill({ run: { python: 'work.py:f' }, over: { range: [0, 2] } }, () => ran().length === 2);
    await kill({ run: { node: 'work.mjs:f' }, over: { range: [0, 2] } }, () => ran().length === 4);
  });

  it('commands end with what they have started, even if they ignore the request', async () => {
    const pids = (): string[] => ground.read('pids').split('\n').filter(Boolean);
    await kill({ run: { command: ['sh', '-c', 'trap "" TERM; sleep 300 & echo $! >> pids; echo $$ >> pids; wait; wait'] }, over: { range: [0, 2] } }, () => pids().length === 4);
    await until('nothing is left', () => pids().every((pid) => !existsSync(`/proc/${pid}`)));
  });
});
