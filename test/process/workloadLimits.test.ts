import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { usableCores } from '../../src/workload/run/cores';
import { Guard } from '../../src/workload/run/respawnGuard';
import { JournalIndex } from '../../src/workload/journal/journalIndex';
import { Ground, until } from './mapping';

let ground: Ground;
beforeEach(() => (ground = new Ground()));
afterEach(() => ground.close());

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const sorted = (numbers: number[]): number[] => [...numbers].sort((a, b) => a - b);
const onLinux = process.platform !== 'linux' && 'needs /proc';

/** Each row comes once, and these alone failed, so. */
function assertFailures(results: Awaited<ReturnType<Ground['map']>>['results'], count: number, failures: Record<number, RegExp>): void {
  assert.deepEqual(sorted(results.map(({ index }) => index)), range(count));
  const failed = results.filter(({ error }) => error);
  assert.deepEqual(sorted(failed.map(({ index }) => index)), Object.keys(failures).map(Number));
  for (const { index, error } of failed) assert.match(`${error?.type ?? ''}: ${error?.message ?? ''}`, failures[index] ?? /^$/);
}

/** 300 MB that are really touched, and twice 100, held until somebody ends it. */
const greedy = `
import mmap, subprocess, sys, time
def shared(x):
    if x == 3:
        taken = mmap.mmap(-1, 300 * 2 ** 20)
        for at in range(0, len(taken), 4096): taken[at] = 1
        time.sleep(300)
    return x
def started(x):
    if x == 3:
        children = [subprocess.Popen([sys.executable, '-c', 'import time; taken = bytearray(b"x") * (100 * 2 ** 20); time.sleep(300)']) for _ in range(2)]
        for child in children: child.wait()
    return x
`;

describe('memory.perWorker', { skip: onLinux }, () => {
  const memory = { perWorker: '150M' };
  const message = /^MemoryLimit: row 3 was ended: worker \d had taken \d+ MB, more than memory\.perWorker \(150 MB\)/;

  it('ends what a worker has really taken, by itself or by what it has started, and exactly its task fails', async () => {
    ground.write({ 'work.py': greedy });
    for (const name of ['shared', 'started']) {
      const { status, results } = await ground.workload({ run: { python: `work.py:${name}` }, over: { range: [0, 8] }, memory, workers: 2 });
      assert.equal(status, 1, name);
      assertFailures(results, 8, { 3: message });
      assert.deepEqual(ground.left(), []);
    }
  });

  it('counts what forks share once', async () => {
    ground.write({ 'work.py': 'import time\nheld = bytearray(b"x") * (100 * 2 ** 20)\ndef f(x):\n    time.sleep(0.5)\n    return sum(held[::4096]) // len(held[::4096])\n' });
    const { status, results } = await ground.workload({ run: { python: 'work.py:f' }, over: { range: [0, 2] }, memory, workers: 1, isolation: 'fork' });
    assert.equal(status, 0, JSON.stringify(results));
  });

  it('holds for buffers of Node, which no heap limit counts', async () => {
    ground.write({ 'work.mjs': 'const kept = [];\nexport async function f(x) {\n  if (x === 3) { kept.push(Buffer.alloc(300 * 2 ** 20, 1)); await new Promise((next) => setTimeout(next, 300_000)); }\n  return x;\n}\n' });
    const { results } = await ground.workload({ run: { node: 'work.mjs:f' }, over: { range: [0, 8] }, memory, workers: 2 });
    assertFailures(results, 8, { 3: message });
  });

  it('holds for commands: their worker goes on', async () => {
    ground.write({ 'job.py': 'import sys, time\nif sys.argv[1] == "3":\n    taken = bytearray(b"x") * (300 * 2 ** 20)\n    time.sleep(300)\n' });
    const { results } = await ground.workload({ run: { script: 'job.py' }, over: { range: [0, 8] }, memory, workers: 2, retries: 1 });
    assertFailures(results, 8, { 3: message });
    assert.deepEqual(ground.tasks().filter(({ i }) => i === 3).map(({ a }) => a), [1, 2], 'it was tried again');
  });

  it('that the import alone exceeds is told before anything runs', async () => {
    ground.write({ 'work.mjs': 'import { setTimeout } from "node:timers/promises";\nexport const kept = Buffer.alloc(300 * 2 ** 20, 1);\nawait setTimeout(300_000);\nexport const f = (x) => x;\n' });
    const { status, err } = await ground.workload({ run: { node: 'work.mjs:f' }, over: { range: [0, 8] }, memory });
    assert.equal(status, 102, err);
    assert.match(err, /A worker takes \d+ MB, more than memory\.perWorker \(150 MB\), before its first task\. Raise the limit/);
  });
});

describe('memory.startWhenFree', { skip: onLinux }, () => {
  it('has tasks wait, one at a time, and the progress says so', async () => {
    ground.write({ 'work.py': 'import time, os\ndef f(x):\n    time.sleep(0.5)\n    return os.getpid()\n', 'w.workload.json': JSON.stringify({ run: { python: 'work.py:f' }, over: { range: [0, 6] }, workers: 3, batch: 1, memory: { startWhenFree: '900T' } }) });
    const { ended } = await ground.start(['w.workload.json']);
    await until('it waits', () => ground.progress()?.shortage !== undefined);
    const { shortage, workers = [] } = ground.progress() ?? {};
    assert.ok(shortage && shortage.free > 0 && shortage.wanted === 900 * 1024 ** 4);
    assert.ok(workers.filter(({ state }) => state !== 'ended').length <= 1, 'no worker is started in vain');
    const { status, results } = await ended;
    assert.equal(status, 0);
    assert.equal(results.length, 6);
    const tasks = ground.tasks().sort((a, b) => a.t - b.t);
    assert.ok(tasks.every(({ t }, at) => at === 0 || t >= (tasks[at - 1]?.t ?? 0) + (tasks[at - 1]?.us ?? 0)), 'never two at once');
  });
});

describe('words that are no answer', () => {
  const stray = /^AnswerGarbled: what worker \d answered for row 3 can't be understood, so the worker was replaced/;

  // A task whose result is safe in the slot when they are met is done; one that was still running goes alone, and fails if it says them again.
  it('of Node replace the worker and fail no task but theirs', async () => {
    for (const text of ['garbage\\n', 'garbage', '99 0 0 0 0 - \\"garbage\\"\\n']) {
      ground.write({ 'work.mjs': `import { writeSync } from 'node:fs';\nexport async function f(x) {\n  if (x === 3) writeSync(3, "${text}");\n  await new Promise((next) => setTimeout(next, 5));\n  return x;\n}\n` });
      const { status, results } = await ground.map('--node', 'work.mjs:f', '--range', '0:200');
      assertFailures(results, 200, status === 0 ? {} : { 3: stray });
    }
  });

  it('of Python likewise, and retries take it up', async () => {
    ground.write({ 'work.py': `
import os, stat
def f(x):
    if x == 3 and (not os.path.exists('said') or os.path.getsize('said') < 2):
        # Among others the first time, then alone, which is what it fails of.
        with open('said', 'a') as said: said.write('x')
        for descriptor in range(3, 10):
            try:
                if stat.S_ISFIFO(os.fstat(descriptor).st_mode) or stat.S_ISSOCK(os.fstat(descriptor).st_mode): os.write(descriptor, b'garbage\\n')
            except OSError: pass
    return x
` });
    const { status, results, err } = await ground.workload({ run: { python: 'work.py:f' }, over: { range: [0, 2000] }, retries: 1 });
    assert.equal(status, 0, err);
    assert.deepEqual(sorted(results.map(({ index }) => index)), range(2000));
    const failed = ground.tasks().filter(({ e }) => e === 'fail');
    assert.ok(failed.every((one) => one.e === 'fail' && one.i === 3 && one.error.type === 'AnswerGarbled'), JSON.stringify(failed));
    assert.ok(failed.length <= 1);
  });

  it('before the first are a refusal', async () => {
    ground.write({ 'work.mjs': 'import { writeSync } from "node:fs";\nwriteSync(3, "garbage\\n");\nexport const f = (x) => x;\n' });
    const { status, err } = await ground.map('--node', 'work.mjs:f', '--range', '0:20');
    assert.equal(status, 102);
    assert.match(err, /the worker began with what can't be understood: "garbage"\. Does the code write to descriptors/);
  });

  it('an answers\' pipe that the code closes ends its worker, and nothing hangs', async () => {
    ground.write({ 'work.py': 'import os\ndef f(x):\n    if x == 3: os.closerange(3, 64)\n    return x\n' });
    const { results } = await ground.map('--python', 'work.py:f', '--range', '0:20');
    assert.deepEqual(sorted(results.map(({ index }) => index)), range(20));
  });
});

it('a row that was run again keeps its newest result', async () => {
  ground.write({ 'work.py': 'import os\ndef f(x):\n    open("ran", "a").write(f"{x}\\n")\n    return [x, len(open("ran").readlines())]\n' });
  const run = (rows: unknown[], ...args: string[]) => ground.workload({ run: { python: 'work.py:f' }, over: { rows }, workers: 1 }, ...args);
  await run([1, 2]);
  await run([1, 2], '--again', '--only', '0');
  const values = async (rows: unknown[]): Promise<unknown[]> => (await run(rows, '--resume')).results.sort((a, b) => a.index - b.index).map(({ value }) => value);
  assert.deepEqual(await values([1, 2]), [[1, 3], [2, 2]]);
  assert.deepEqual(await values([2, 1]), [[2, 2], [1, 3]], 'also under another number');
  assert.deepEqual(await values([2, 1, 1]), [[2, 2], [1, 3], [1, 4]], 'and is one row, not two');
});

describe('rows that have moved', () => {
  const rowsOf = async (): Promise<string[]> => {
    const index = new JournalIndex(ground.run());
    await index.update();
    const lines = await index.lines(range(index.length));
    return lines.map((line, row) => `${index.status(row)} ${line?.entry.e === 'done' ? `${JSON.stringify(line.entry.row)}=${JSON.stringify(line.entry.v)}` : ''}`.trim());
  };

  it('keep their results in the journal under the number of now', async () => {
    ground.write({ 'work.py': 'def f(x):\n    open("ran", "a").write(f"{x}\\n")\n    return x * 10\n' });
    const run = async (rows: unknown[], ...args: string[]) => assert.equal((await ground.workload({ run: { python: 'work.py:f' }, over: { rows }, workers: 1 }, ...args)).status, 0);
    await run([1, 2, 3, 3]);
    await run([9, 1, 3, 2, 3], '--resume');
    assert.deepEqual(await rowsOf(), ['done 9=90', 'done 1=10', 'done 3=30', 'done 2=20', 'done 3=30']);
    await run([3, 9], '--resume');
    assert.deepEqual(await rowsOf(), ['done 3=30', 'done 9=90'], 'rows that are no more are gone');
    await run([3, 9], '--resume');
    await run([3, 9, 4, 1], '--resume');
    assert.deepEqual(await rowsOf(), ['done 3=30', 'done 9=90', 'done 4=40', 'done 1=10'], 'and are known when they come back');
    assert.equal(ground.read('ran'), '1\n2\n3\n3\n9\n4\n', 'nothing ran twice');
    assert.equal(ground.progress()?.summary?.earlier, 3);
    assert.equal(ground.progress()?.summary?.tasks, 1);
  });
});

describe('what a worker has started', { skip: onLinux }, () => {
  /** Each row says what its task leaves behind, and how. */
  const work = `
import os, subprocess, time
stubbornly = 'trap "" TERM; while :; do sleep 1; done'
def leave(name, *argv):
    child = subprocess.Popen(argv)
    with open('draft', 'w') as file: file.write(str(child.pid))
    os.rename('draft', name)
def stubborn(x):
    leave('left', 'sh', '-c', stubbornly)
    time.sleep(300)
def dying(x):
    leave('left', 'sh', '-c', stubbornly)
    os.abort()
def crashing(x):
    leave('left', 'sleep', '300')
    os.abort()
def waiting(x):
    while not os.path.exists('go'): time.sleep(0.01)
def leaving(x):
    leave('left', 'sleep', '300')
def f(x): return globals()[x](x)
`;
  const workload = (...rows: string[]): Record<string, unknown> => ({ run: { python: 'work.py:f' }, over: { rows }, batch: 1, workers: 2, grace: 0.5 });
  const isThere = (): boolean => existsSync(`/proc/${ground.read('left')}`);
  const isLeft = (): boolean => ground.read('left') !== '';

  it('ends when it dies of a signal, while the others go on', async () => {
    ground.write({ 'work.py': work, 'w.workload.json': JSON.stringify(workload('crashing', 'waiting')) });
    const { ended } = await ground.start(['w.workload.json']);
    await until('the process is left', isLeft);
    await until('it has ended', () => !isThere(), 15_000);
    assert.equal(ground.progress()?.state, 'running');
    ground.write({ go: '' });
    assert.deepEqual((await ended).results.map(({ status }) => status).sort(), ['done', 'failed']);
  });

  it('ends when it takes too long and obeys, and what it has started does not', async () => {
    ground.write({ 'work.py': work });
    const { results } = await ground.workload({ ...workload('stubborn'), timeout: 0.5 });
    assert.equal(results[0]?.error?.type, 'Timeout');
    await until('it has ended', () => !isThere(), 15_000);
  });

  it('ends also when the runner is killed in between', async () => {
    ground.write({ 'work.py': work, 'w.workload.json': JSON.stringify({ ...workload('dying', 'waiting'), grace: 2 }) });
    const { child, ended } = await ground.start(['w.workload.json']);
    await until('the worker has died', () => ground.tasks().length === 1);
    assert.ok(isThere());
    child.kill('SIGKILL');
    await ended;
    await until('it has ended', () => !isThere(), 15_000);
  });

  it('stays when it is let go', async () => {
    ground.write({ 'work.py': work });
    assert.equal((await ground.workload(workload('leaving'))).status, 0);
    assert.ok(isThere());
    process.kill(Number(ground.read('left')));
  });
});

it('the guard comes back when it is killed, each time later where it does not live', { skip: onLinux }, async () => {
  const children = (): number[] => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('procession-guard'));
  const guard = new Guard(100);
  let kills = 0;
  for (const end = Date.now() + 1000; Date.now() < end;) {
    for (const pid of children()) {
      process.kill(pid, 'SIGKILL');
      kills++;
    }
    await new Promise((next) => setTimeout(next, 2));
  }
  assert.ok(kills >= 2 && kills <= 12, `${kills} were started`);
  await until('it is there again', () => children().length > 0);
  guard.close();
  await until('it goes when it is closed', () => children().length === 0);
});

it('long rows stand in the results in full, of a resumed run, too', async () => {
  const rows = [{ id: 1, text: 'x'.repeat(3000) }, { id: 2, text: 'y'.repeat(3000) }];
  ground.write({ 'work.py': 'def f(row): return row["id"]\n' });
  const workload = { run: { python: 'work.py:f' }, over: { rows }, results: 'r.jsonl', order: 'input' };
  for (const args of [[], ['--resume']]) {
    assert.equal((await ground.workload(workload, ...args)).status, 0);
    assert.deepEqual(ground.read('r.jsonl').trimEnd().split('\n').map((line) => (JSON.parse(line) as { row: unknown }).row), rows, args.join());
  }
  assert.equal(ground.tasks().length, 2);
});

it('more workers than cores come for tasks that wait, and not for those that compute', { skip: onLinux }, async () => {
  ground.write({ 'work.py': 'import time\ndef waits(x): time.sleep(0.1)\ndef computes(x):\n    end = time.process_time() + 0.05\n    while time.process_time() < end: pass\n' });
  const workers = async (name: string): Promise<number> => {
    const { status } = await ground.workload({ run: { python: `work.py:${name}` }, over: { range: [0, 20 * usableCores()] }, workers: 4 * usableCores() });
    assert.equal(status, 0);
    return new Set(ground.tasks().map(({ w }) => w)).size;
  };
  assert.ok(await workers('waits') > usableCores());
  assert.ok(await workers('computes') <= usableCores() + 1);
});
