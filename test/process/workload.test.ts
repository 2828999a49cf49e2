import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { sendControl } from '../../src/workload/run/control';
import { logOf } from '../../src/workload/protocol';
import { Ground, until } from './mapping';
import { findPythons, sampleOf } from './toolchains';

let ground: Ground;
beforeEach(() => (ground = new Ground()));
afterEach(() => ground.close());

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const sorted = (numbers: number[]): number[] => [...numbers].sort((a, b) => a - b);

/** Each task leaves its row in a file: what really ran, and how often. */
const marking = `
import os
def mark(x):
    descriptor = os.open('ran', os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, b'%d\\n' % x)
    os.close(descriptor)
`;
const ran = (): number[] => ground.read('ran').split('\n').filter(Boolean).map(Number);

describe('Python functions over rows', () => {
  for (const { path, version } of sampleOf(findPythons())) {
    it(`run, fail and print with ${version}`, async () => {
      ground.write({ 'work.py': `
import sys
async def later(x):
    return x
def f(x):
    print('to stdout', x)
    print('to stderr', x, file=sys.stderr)
    if x == 5:
        raise ValueError('five ü')
    return {'square': x * x, 'nan': float('nan'), 'big': 2 ** 70}
` });
      const { status, results, out } = await ground.map('--python', 'work.py:f', '--range', '0:20', '--interpreter', path, '--nan', 'null');
      assert.equal(status, 1);
      assert.deepEqual(sorted(results.map(({ index }) => index)), range(20));
      assert.ok(out.includes('"big":1180591620717411303424'), 'numbers beyond 2^53 arrive whole');
      const failed = results.find(({ status: one }) => one === 'failed');
      assert.deepEqual([failed?.index, failed?.error?.type, failed?.error?.message, failed?.error?.line], [5, 'ValueError', 'five ü', 9]);
      assert.ok(failed?.error?.file?.endsWith('work.py'));
      assert.ok(!failed?.error?.traceback?.includes('_procession_worker'), 'the traceback is the user\'s alone');
      for (const task of ground.tasks()) {
        const printed = readFileSync(logOf(ground.run(), task.w)).subarray(...task.log).toString();
        assert.equal(printed, `to stdout ${task.i}\nto stderr ${task.i}\n`, 'what a task prints is told by its byte range');
      }
      const asynchronous = await ground.map('--python', 'work.py:later', '--range', '0:3', '--interpreter', path);
      assert.deepEqual(asynchronous.results.map(({ value }) => value).sort(), [0, 1, 2]);
    });
  }

  it('take rows as arguments, keywords or whole', async () => {
    ground.write({ 'work.py': 'def add(a, b):\n    return a + b\ndef whole(row):\n    return row\n' });
    const values = async (value: Record<string, unknown>): Promise<unknown[]> => (await ground.workload({ workers: 1, ...value })).results.map((result) => result.value);
    assert.deepEqual(await values({ run: { python: 'work.py:add' }, over: { rows: [[1, 2], ['a', 'b']] } }), [3, 'ab']);
    assert.deepEqual(await values({ run: { python: 'work.py:add' }, over: { grid: { a: [1, 2], b: [10] } } }), [11, 12]);
    assert.deepEqual(await values({ run: { python: 'work.py:whole' }, over: { rows: [{ a: 1 }, 'ü', null, 1.5] } }), [{ a: 1 }, 'ü', null, 1.5]);
  });

  it('blame each crash on its one row, run nothing twice and lose nothing', async () => {
    ground.write({ 'work.py': `${marking}
def f(x):
    mark(x)
    print('hello from', x)
    if x == 37: os.kill(os.getpid(), 11)
    if x == 200: os._exit(3)
    if x == 201: os.kill(os.getpid(), 9)
    if x == 300: raise KeyError('x')
    return x
` });
    const { status, results } = await ground.map('--python', 'work.py:f', '--range', '0:500');
    assert.equal(status, 4);
    assert.deepEqual(sorted(results.map(({ index }) => index)), range(500));
    const failures = Object.fromEntries(results.filter(({ error }) => error).map(({ index, error }) => [index, error?.message.replace(/worker \d/, 'worker N')]));
    assert.deepEqual(failures, {
      37: 'worker N was killed by SIGSEGV while on row 37', 200: 'worker N ended with exit code 3 while on row 200',
      201: 'worker N was killed by SIGKILL while on row 201', 300: "'x'",
    });
    assert.deepEqual(sorted(ran()), range(500), 'every task ran exactly once');
    const crashed = ground.tasks().find(({ i }) => i === 37);
    assert.ok(crashed && readFileSync(logOf(ground.run(), crashed.w)).subarray(...crashed.log).toString().includes('Fatal Python error: Segmentation fault'));
  });

  it('are tried again, ended when they take too long, and end the workload by its halt', async () => {
    ground.write({ 'work.py': `${marking}
import os, time
def flaky(x):
    if x == 2 and not os.path.exists('tried'):
        open('tried', 'w').close()
        raise OSError('first time')
    return x
def slow(x):
    mark(x)
    while x == 3: pass
    return x
def bad(x):
    mark(x)
    raise ValueError(x)
` });
    const flaky = await ground.workload({ run: { python: 'work.py:flaky' }, over: { range: [0, 5] }, retries: { times: 1, wait: 0.05 } });
    assert.equal(flaky.status, 0);
    assert.deepEqual(ground.tasks().filter(({ i }) => i === 2).map(({ e, a }) => [e, a]), [['fail', 1], ['done', 2]]);
    const slow = await ground.workload({ run: { python: 'work.py:slow' }, over: { range: [0, 8] }, timeout: 0.5, grace: 0.2, workers: 2 });
    assert.equal(slow.status, 1);
    assert.deepEqual(slow.results.filter(({ error }) => error).map(({ index, error }) => [index, error?.type]), [[3, 'Timeout']]);
    assert.deepEqual(sorted(ran()), range(8));
    const halted = await ground.workload({ run: { python: 'work.py:bad' }, over: { range: [0, 5000] }, batch: 1, halt: 'soon,fail=3', workers: 1 });
    assert.equal(halted.status, 3);
    assert.match(halted.err, /halted \(3 tasks failed\); go on with --resume/);
    assert.equal(ran().length, 11);
  });

  it('run isolated: a fork or a process for each', async () => {
    ground.write({ 'work.py': `
import os
seen = []
def f(x):
    seen.append(x)
    if x == 2: os.kill(os.getpid(), 11)
    if x == 3: os._exit(7)
    return [len(seen), os.getpid()]
` });
    for (const isolation of ['fork', 'process']) {
      const { status, results } = await ground.workload({ run: { python: 'work.py:f' }, over: { range: [0, 6] }, isolation });
      assert.equal(status, 2, isolation);
      const done = results.filter((result) => !result.error).map(({ value }) => value as [number, number]);
      assert.deepEqual(done.map(([seen]) => seen), [1, 1, 1, 1], `${isolation}: nothing of one task is there for the next`);
      assert.equal(new Set(done.map(([, pid]) => pid)).size, 4);
      assert.deepEqual(sorted(results.filter(({ error }) => error).map(({ index }) => index)), [2, 3]);
      if (isolation === 'fork') assert.ok(ground.tasks().every(({ facts }) => facts !== undefined && facts.pid > 0 && facts.rss > 0));
    }
  });

  it('isolated by a fork: what a task forks neither answers in its place nor keeps it from being told', async () => {
    ground.write({
      'work.py': `
import multiprocessing, os, time
def wait():
    end = time.monotonic() + 60
    while not os.path.exists('go') and time.monotonic() < end: time.sleep(0.01)
def f(x):
    if x == 'crash':
        multiprocessing.get_context('fork').Process(target=wait).start()
        os.kill(os.getpid(), 11)
    pid = os.fork()
    if pid == 0 and x == 'raise': raise ValueError('in the child')
    if pid == 0:
        file = open('opened', 'w')
        return 'the child'
    return os.waitpid(pid, 0)[1]
`,
      'w.workload.json': JSON.stringify({ run: { python: 'work.py:f' }, over: { rows: ['crash', 'return', 'raise'] }, isolation: 'fork', workers: 1 }),
    });
    const { ended } = await ground.start(['w.workload.json']);
    await until('the crash is told', () => ground.tasks().length > 0, 15_000);
    ground.write({ go: '' });
    const { results, status } = await ended;
    assert.deepEqual([status, ...results.sort((a, b) => a.index - b.index).map(({ value, error }) => value ?? error?.message)], [1, 'killed by SIGSEGV', 0, 0]);
    assert.equal(ground.read('opened'), '');
    assert.deepEqual(ground.tasks().filter(({ i }) => i > 0).map(({ log: [from, to] }) => to - from), [0, 0], 'nothing is printed');
  });

  it('stay within their memory: one task fails, the others do not', async () => {
    ground.write({ 'work.py': 'def f(x):\n    return len(bytearray(10 ** 9 if x == 1 else 10))\n' });
    const { status, results } = await ground.workload({ run: { python: 'work.py:f' }, over: { range: [0, 4] }, memory: { perWorker: '600M' } });
    assert.equal(status, 1);
    assert.deepEqual(results.filter(({ error }) => error).map(({ index, error }) => [index, error?.type]), [[1, 'MemoryError']]);
  });

  it('may fork, start pools and read input without disturbing the answers', async () => {
    ground.write({ 'work.py': `
import multiprocessing, os, subprocess, sys
def g(x): return x + 1
def f(x):
    pid = os.fork()
    if pid == 0: return 'child'
    os.waitpid(pid, 0)
    print('{"not": "an answer"}')
    subprocess.run(['echo', '0 0 0 0 0 - "neither"'])
    with multiprocessing.get_context('spawn').Pool(2) as pool:
        return [sys.stdin.read(), pool.map(g, [x, x])]
` });
    const { status, results } = await ground.map('--python', 'work.py:f', '--range', '0:2');
    assert.equal(status, 0);
    assert.deepEqual(results.sort((a, b) => a.index - b.index).map(({ value }) => value), [['', [1, 1]], ['', [2, 2]]]);
  });

  it('set libraries to one thread, and stay on their cores', async () => {
    ground.write({ 'work.py': 'import os\ndef f(x):\n    return [os.environ["OMP_NUM_THREADS"], len(os.sched_getaffinity(0))]\n' });
    const { results } = await ground.workload({ run: { python: 'work.py:f' }, over: { range: [0, 2] }, threadsPerWorker: 1, affinity: 'spread' });
    for (const { value } of results) assert.deepEqual(value, ['1', 1]);
  });
});

describe('what can\'t be run is explained', () => {
  const cases: [what: string, file: string, target: string, message: RegExp][] = [
    ['a missing function', 'def other(x): pass', 'work.py:f', /work\.py has no function "f"\. It has: other/],
    ['a nested function', 'def outer():\n    def f(x): pass', 'work.py:f', /f in work\.py is defined inside outer \(line 2\).*top level/],
    ['no function', 'f = 3', 'work.py:f', /f in work\.py is no function but int/],
    ['a failing import', 'x = 1\nx / 0', 'work.py:f', /can't be imported: ZeroDivisionError.*line 2/],
    ['a package that is not there', 'import not_a_package_at_all', 'work.py:f', /No module named.*Install it/],
    ['a syntax error', 'def f(x:\n  pass', 'work.py:f', /can't be read: .*line 1/],
    ['a missing main guard', 'import sys\ndef f(x): pass\nsys.exit(4)', 'work.py:f', /ended the program when it was imported \(line 3, exit code 4\).*__main__/],
    ['a missing file', '', 'nowhere.py:f', /There is no file .*nowhere\.py/],
    ['a module that is not there', '', 'no_such_module:f', /no_such_module can't be imported/],
  ];
  for (const [what, file, target, message] of cases) {
    it(what, async () => {
      const { status, err, out } = await ground.write({ 'work.py': file }).map('--python', target, '--range', '0:10');
      assert.equal(status, 102);
      assert.match(err, message);
      assert.equal(out, '');
      assert.equal(ground.left().length, 0);
    });
  }

  it('results that are no JSON, exceptions of any kind, sys.exit in a task', async () => {
    ground.write({ 'work.py': `
import sys
class Odd(Exception):
    def __init__(self, a, b): pass
    def __str__(self): raise RuntimeError('no text')
    def __reduce__(self): raise TypeError('not to be pickled')
def f(x):
    if x == 0: return object()
    if x == 1: raise Odd(1, 2)
    if x == 2: sys.exit(5)
    if x == 3: a = []; a.append(a); return a
    if x == 4: return {1, 2}
` });
    const { status, results } = await ground.map('--python', 'work.py:f', '--range', '0:5');
    assert.equal(status, 4);
    const messages = results.sort((a, b) => a.index - b.index).map(({ error }) => error && `${error.type}: ${error.message}`);
    assert.match(messages[0] ?? '', /TypeError: a result of type object can't be kept as JSON\. Return numbers/);
    assert.match(messages[1] ?? '', /Odd: \(its message can't be printed\)/);
    assert.match(messages[2] ?? '', /SystemExit: the task ended its program \(sys\.exit\(5\)\)/);
    assert.match(messages[3] ?? '', /can't be kept as JSON: it contains itself/);
    assert.deepEqual([results[0]?.error?.file?.endsWith('work.py'), results[0]?.error?.line, results[3]?.error?.line], [true, 7, 7], 'the function is the place, not what tried to write its result');
    assert.deepEqual(results[4]?.value, [1, 2]);
  });

  it('a csv row with too few columns, after what came before it', async () => {
    ground.write({ 'work.py': 'def f(row):\n    return row["a"]\n', 'rows.csv': 'a,b\n1,2\n3\n' });
    const { status, err, results } = await ground.map('--python', 'work.py:f', '--csv', 'rows.csv');
    assert.equal(status, 102);
    assert.match(err, /rows\.csv:3: this row has 1 columns, the first line 2/);
    assert.deepEqual(results.map(({ value }) => value), ['1']);
  });

  it('a bad file and bad arguments', async () => {
    assert.match((await ground.write({ 'w.workload.json': '{"run": ' }).map('w.workload.json')).err, /w\.workload\.json is not JSON/);
    assert.match((await ground.map('--python', 'work.py:f')).err, /Name the rows/);
    assert.match((await ground.map('--range', '0:3')).err, /Name a workload file, or what is to run/);
    assert.equal((await ground.map('nowhere.workload.json')).status, 102);
  });
});

describe('Node functions over rows', () => {
  it('run, sync and async, print, fail and crash', async () => {
    ground.write({ 'work.mjs': `
import { appendFileSync } from 'node:fs';
export async function f(x) {
  appendFileSync('ran', x + '\\n');
  console.log('hello from', x);
  if (x % 2) await new Promise((next) => setTimeout(next, 1));
  if (x === 10) throw new RangeError('ten');
  if (x === 20) process.exit(4);
  if (x === 30) process.kill(process.pid, 'SIGSEGV');
  if (x === 40) await new Promise(() => {});
  if (x === 50) setTimeout(() => { throw new Error('later'); }, 0), await new Promise((next) => setTimeout(next, 1000));
  if (x === 60) return [5n, 2n ** 64n, -0];
  if (x === 70) return { seen: new Set([1, 2]), by: new Map([['a', 1]]) };
  if (x === 80) throw Object.assign(new Error(), { message: { no: 'text' } });
  return x * x;
}
` });
    const { status, results, out } = await ground.map('--node', 'work.mjs:f', '--range', '0:300');
    assert.equal(status, 6);
    assert.deepEqual(sorted(results.map(({ index }) => index)), range(300));
    assert.deepEqual(sorted(ran()), range(300), 'every task ran exactly once');
    const failures = Object.fromEntries(results.filter(({ error }) => error).map(({ index, error }) => [index, error?.message.replace(/worker \d/, 'worker N')]));
    assert.equal(failures[10], 'ten');
    assert.equal(failures[20], 'worker N ended with exit code 4 while on row 20');
    assert.equal(failures[30], 'worker N was killed by SIGSEGV while on row 30');
    assert.match(failures[40] ?? '', /exit code \d+ while on row 40/);
    assert.match(failures[50] ?? '', /exit code 1 while on row 50/);
    assert.ok(out.includes('"value":[5,18446744073709551616,-0]'), 'numbers that JSON.stringify would change arrive whole');
    assert.deepEqual(results.find(({ index }) => index === 70)?.value, { seen: [1, 2], by: { a: 1 } });
    assert.equal(failures[80], '[object Object]');
    for (const task of ground.tasks().filter(({ i }) => ![20, 30, 40, 50].includes(i))) {
      assert.equal(readFileSync(logOf(ground.run(), task.w)).subarray(...task.log).toString(), `hello from ${task.i}\n`);
    }
  });

  it('that print past the streams, too, are told by their byte ranges', async () => {
    ground.write({ 'work.mjs': 'import { writeSync } from "node:fs";\nexport function f(x) {\n  writeSync(1, `line of ${x}\\n`);\n  for (const end = performance.now() + 1; performance.now() < end;);\n}\n' });
    assert.equal((await ground.map('--node', 'work.mjs:f', '--range', '0:300')).status, 0);
    for (const task of ground.tasks()) assert.equal(readFileSync(logOf(ground.run(), task.w)).subarray(...task.log).toString(), `line of ${task.i}\n`);
  });

  it('are refused with a reason', async () => {
    ground.write({ 'work.mjs': 'export const other = () => 1;\n', 'bad.mjs': 'import "no-such-package";\n', 'old.cjs': 'exports.f = (x) => x + 1;\n' });
    assert.match((await ground.map('--node', 'work.mjs:f', '--range', '0:3')).err, /exports no function "f"\. It exports: other/);
    assert.match((await ground.map('--node', 'bad.mjs:f', '--range', '0:3')).err, /can't be imported.*no-such-package/);
    assert.deepEqual(sorted((await ground.map('--node', 'old.cjs:f', '--range', '0:3')).results.map(({ value }) => value as number)), [1, 2, 3]);
  });

  it('tell when the heap is full', async () => {
    ground.write({ 'work.mjs': 'export function f(x) { const a = []; while (x === 1) a.push(new Array(1000).fill(x)); return x; }\n' });
    const { results } = await ground.workload({ run: { node: 'work.mjs:f' }, over: { range: [0, 4] }, memory: { perWorker: '150M' } });
    // Whichever is first: the heap's own limit, or the look at what the process has taken.
    assert.deepEqual(results.filter(({ error }) => error).map(({ index, error }) => [index, /out of memory|more than memory\.perWorker/.test(error?.message ?? '')]), [[1, true]]);
    assert.equal(results.length, 4);
  });
});

describe('commands over rows', () => {
  it('run without a shell, keep output apart, and tell how they ended', async () => {
    const script = 'import sys, os\nprint("out", sys.argv[1])\nprint("err", file=sys.stderr)\nif sys.argv[1] == "2": sys.exit(9)\nif sys.argv[1] == "3": os.kill(os.getpid(), 15)\n';
    const { status, results } = await ground.write({ 'job.py': script }).workload({ run: { script: 'job.py', args: ['{}'] }, over: { range: [0, 5] } });
    assert.equal(status, 2);
    assert.deepEqual(results.sort((a, b) => a.index - b.index).map(({ value, error }) => value ?? error?.message), ['out 0', 'out 1', 'exit code 9', 'killed by SIGTERM', 'out 4']);
    const words = await ground.map('--rows', '["a b; rm x", "$HOME"]', '--', 'printf', '%s|%s', '{}', '{#}');
    assert.deepEqual(words.results.map(({ value }) => value).sort(), ['$HOME|2', 'a b; rm x|1']);
    const lost = await ground.map('--range', '0:1', '--', 'no-such-program');
    assert.equal(lost.results[0]?.error?.message, 'no-such-program is not found');
  });

  it('that can\'t be given their arguments fail, each for itself', async () => {
    ground.write({ 'w.workload.json': '{"run": {"command": ["echo", "{}"]}, "over": {"rows": ["a\\u0000b", "\\ud800", "c"]}, "workers": 1}' });
    const { results, status, err } = await ground.map('w.workload.json');
    assert.equal(status, 2, err);
    assert.deepEqual(results.sort((a, b) => a.index - b.index).map(({ value, error }) => value ?? `${error?.type}: ${error?.message}`), [
      'NotStarted: echo could not be started: an argument holds a zero byte, which ends arguments. Take it out of the row',
      'NotStarted: echo could not be started: an argument holds half a character (a lone surrogate), which can\'t be encoded. Correct the row',
      'c',
    ]);
  });

  it('run where there is no Python, too', async () => {
    // A folder with what the test needs stands for the PATH of such a machine.
    mkdirSync(join(ground.folder, 'bin'));
    for (const program of ['sh', 'echo']) symlinkSync(execFileSync('sh', ['-c', `command -v ${program} | grep / || echo /bin/${program}`], { encoding: 'utf8' }).trim(), join(ground.folder, 'bin', program));
    const { ended } = await ground.start(['--rows', '["a", "b", "exit 3", "kill -9 $$", "c"]', '--', 'sh', '-c', 'case "$0" in ?) echo "out $0";; *) eval "$0";; esac', '{}'], { PATH: join(ground.folder, 'bin'), VIRTUAL_ENV: '' });
    const { status, results, err } = await ended;
    assert.equal(status, 2, err);
    assert.deepEqual(results.sort((a, b) => a.index - b.index).map(({ value, error }) => value ?? error?.message), ['out a', 'out b', 'exit code 3', 'killed by SIGKILL', 'out c']);
  });

  it('are ended with all that they have started when they take too long', async () => {
    const { results } = await ground.workload({ run: { command: ['sh', '-c', 'sleep 300 & echo $! > pid-{#}; wait'] }, over: { range: [0, 1] }, timeout: 0.5, grace: 0.3 });
    assert.equal(results[0]?.error?.type, 'Timeout');
    await until('the sleep ends', () => !existsSync(`/proc/${ground.read('pid-1').trim()}`));
  });
});

describe('stop, pause and the control channel', () => {
  const slow = { run: { python: 'work.py:f' }, over: { range: [0, 40] }, batch: 1, workers: 2 };
  const text = `${marking}\nimport time\ndef f(x):\n    time.sleep(0.1)\n    mark(x)\n    return x\n`;

  it('an interrupt lets what runs end; the rest is done by --resume', async () => {
    ground.write({ 'work.py': text, 'w.workload.json': JSON.stringify(slow) });
    const { child, ended } = await ground.start(['w.workload.json']);
    await until('some tasks are done', () => ran().length >= 4);
    child.kill('SIGINT');
    const first = await ended;
    assert.equal(first.status, 130);
    assert.equal(first.results.length, ran().length, 'what ran has a result');
    assert.ok(ran().length < 40);
    const second = await ground.map('w.workload.json', '--resume');
    assert.equal(second.status, 0);
    assert.deepEqual(sorted(second.results.map(({ index }) => index)), range(40), 'the results are whole');
    assert.deepEqual(sorted(ran()), range(40), 'nothing ran twice');
  });

  it('a termination ends what runs at once', async () => {
    ground.write({ 'work.py': 'import time\ndef f(x):\n    time.sleep(300)\n', 'w.workload.json': JSON.stringify({ ...slow, grace: 0.2 }) });
    const { child, ended } = await ground.start(['w.workload.json']);
    await until('workers are busy', () => ground.progress()?.workers.every(({ row }) => row !== null) ?? false);
    child.kill('SIGTERM');
    assert.equal((await ended).status, 130);
    assert.deepEqual(ground.left(), []);
    assert.deepEqual(ground.tasks(), []);
  });

  it('retries nothing once it is ending: what has failed still counts', async () => {
    ground.write({ 'work.py': 'import os, time\ndef f(x):\n    if x < 2: raise ValueError(x)\n    while not os.path.exists("go"): time.sleep(0.02)\n' });
    ground.write({ 'w.workload.json': JSON.stringify({ run: { python: 'work.py:f' }, over: { rows: [5, 0, 1, 6] }, workers: 2, batch: 1, halt: 'soon,fail=2' }) });
    const { ended } = await ground.start(['w.workload.json']);
    await until('it is stopping', () => ground.progress()?.state === 'stopping');
    assert.match(JSON.stringify(await sendControl(ground.progress()?.control ?? '', { do: 'retry', rows: [1, 2] })), /"ok":false,"message":"The workload is ending/);
    ground.write({ go: '' });
    assert.equal((await ended).status, 2);
  });

  it('pauses, resumes and retries by word', async () => {
    ground.write({ 'work.py': `${marking}\nimport os, time\ndef f(x):\n    mark(x)\n    if x == 0 and not os.path.exists('fixed'): raise OSError('not yet')\n    while not os.path.exists('go') and x > 3: time.sleep(0.01)\n    return x\n`, 'w.workload.json': JSON.stringify({ ...slow, workers: 1, over: { range: [0, 8] } }) });
    const { ended } = await ground.start(['w.workload.json']);
    await until('row 4 runs', () => ground.progress()?.workers[0]?.row?.index === 4);
    const { control } = ground.progress() ?? {};
    assert.ok(control);
    assert.deepEqual(await sendControl(control, { do: 'pause' }), { ok: true });
    ground.write({ go: '' });
    await until('row 4 is done', () => ground.tasks().some(({ i }) => i === 4));
    assert.deepEqual(ran(), range(5), 'nothing starts while it is paused');
    assert.equal(ground.progress()?.state, 'paused');
    ground.write({ fixed: '' });
    assert.deepEqual(await sendControl(control, { do: 'retry', rows: [0] }), { ok: true });
    assert.equal((await sendControl(control, { do: 'retry', rows: [1] })).ok, false);
    await sendControl(control, { do: 'resume' });
    assert.equal((await ended).status, 0);
    assert.deepEqual(ran(), [0, 1, 2, 3, 4, 0, 5, 6, 7]);
  });
});

describe('answers that wait behind a long task', () => {
  for (const [kind, files, run] of [
    ['Python', { 'work.py': 'import os, time\ndef f(x):\n    while x == 2 and not os.path.exists("go"): time.sleep(0.01)\n    print("hello from", x)\n    return x\n' }, { python: 'work.py:f' }],
    ['Node', { 'work.mjs': 'import { existsSync } from "node:fs";\nexport async function f(x) {\n  while (x === 2 && !existsSync("go")) await new Promise((next) => setTimeout(next, 10));\n  console.log("hello from", x);\n  return x;\n}\n' }, { node: 'work.mjs:f' }],
  ] as const) {
    it(`are told while it runs, and once: ${kind}`, async () => {
      ground.write({ ...files, 'w.workload.json': JSON.stringify({ run, over: { range: [0, 9] }, workers: 1, batch: 5 }) });
      const { ended } = await ground.start(['w.workload.json']);
      await until('two are done', () => ground.tasks().length === 2);
      await until('the third runs', () => ground.progress()?.workers[0]?.row?.index === 2);
      assert.equal(ground.progress()?.done, 2);
      ground.write({ go: '' });
      const { status, results } = await ended;
      assert.equal(status, 0);
      assert.deepEqual(results.map(({ index }) => index), range(9));
      for (const task of ground.tasks()) assert.equal(readFileSync(logOf(ground.run(), task.w)).subarray(...task.log).toString(), `hello from ${task.i}\n`);
    });
  }
});

describe('results', () => {
  it('all reach a reader that is slow', async () => {
    ground.write({ 'work.py': 'def f(x):\n    return "x" * 1000\n' });
    const command = [process.execPath, await Ground.program(), '--python', 'work.py:f', '--range', '0:2000'];
    const counted = execFileSync('sh', ['-c', '"$@" | (sleep 1; wc -l)', 'sh', ...command], { cwd: ground.folder, env: ground.environment, encoding: 'utf8' });
    assert.equal(Number(counted), 2000);
  });

  it('that nobody reads hold the tasks up, and do not fill the memory', async () => {
    ground.write({ 'work.py': 'def f(x):\n    return "x" * 1_000_000\n' });
    const child = spawn(process.execPath, [await Ground.program(), '--python', 'work.py:f', '--range', '0:100'], { cwd: ground.folder, env: ground.environment, stdio: ['ignore', 'pipe', 'inherit'] });
    let [looks, done] = [0, 0];
    await until('nothing more is done', () => {
      const now = ground.run() === '' ? 0 : ground.tasks().length;
      looks = now > 0 && now === done ? looks + 1 : 0;
      done = now;
      return looks > 20;
    });
    assert.ok(done < 60, `${done} of 100`);
    let lines = 0;
    child.stdout.on('data', (chunk: Buffer) => (lines += chunk.reduce((sum, byte) => sum + Number(byte === 10), 0)));
    await once(child, 'close');
    assert.deepEqual([child.exitCode, lines], [0, 100]);
  });

  it('come as csv, in the order of the rows when that is asked for', async () => {
    ground.write({ 'work.py': 'import time\ndef f(row):\n    time.sleep(0.2 if row["n"] == 0 else 0)\n    return row["n"]\n' });
    const { out } = await ground.workload({ run: { python: 'work.py:f' }, over: { rows: range(6).map((n) => ({ n, t: 'a,b' })) }, results: 'r.csv', order: 'input', batch: 1 });
    assert.equal(out, '');
    const lines = ground.read('r.csv').trimEnd().split('\n');
    assert.equal(lines[0], 'index,n,t,status,value,error,us');
    assert.deepEqual(lines.slice(1).map((line) => line.replace(/\d+$/, '')), range(6).map((n) => `${n},${n},"a,b",done,${n},,`));
  });

  it('a dry run tells and starts nothing', async () => {
    ground.write({ 'work.py': 'open("started", "w")\ndef f(x): pass\n' });
    const { status, out, err } = await ground.map('--python', 'work.py:f', '--range', '0:3', '--dry-run');
    assert.equal(status, 0);
    assert.equal(out, '{"index":0,"row":0}\n{"index":1,"row":1}\n{"index":2,"row":2}\n');
    assert.match(err, /3 of 3 rows would run/);
    assert.ok(!existsSync(join(ground.folder, 'started')));
  });

  it('more than a hundred failures are 101', async () => {
    ground.write({ 'work.py': 'def f(x):\n    raise ValueError\n' });
    assert.equal((await ground.map('--python', 'work.py:f', '--range', '0:150')).status, 101);
  });
});
