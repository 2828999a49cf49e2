import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { parseAnswer, parseMark, parseSlot } from '../../src/workload/journal/answers';
import { cgroupQuota, freeMemory } from '../../src/workload/run/cores';
import { durationsIn, Earlier } from '../../src/workload/journal/earlier';
import { haltReason, parseHalt } from '../../src/workload/run/halt';
import { Journal } from '../../src/workload/journal/journal';
import { hashOf, KeyCounts } from '../../src/workload/file/keys';
import { Queue } from '../../src/workload/run/queue';
import { Rate } from '../../src/workload/run/rate';
import { resolveWorkload } from '../../src/workload/file/readWorkload';
import { jsonLine, ResultsFile } from '../../src/workload/journal/results';
import { openRows } from '../../src/workload/file/rows';
import { fillTemplate, Template } from '../../src/workload/file/template';
import type { Over, Workload } from '../../src/workload/workload';

const folder = mkdtempSync(join(tmpdir(), 'workload-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

async function rowsOf(over: Over): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const chunk of openRows(over, folder).chunks) rows.push(...chunk.map((text) => JSON.parse(text) as unknown));
  return rows;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const resolved = (value: unknown): Workload => resolveWorkload(value, { file: null, directory: folder, source: 'x.workload.json', cores: 4 });
const over = (written: unknown): Over => resolved({ run: { python: 'work.py:f' }, over: written }).over;
const base = { run: { python: 'work.py:f' }, over: { range: [0, 3] } };

describe('a workload file', () => {
  it('fills in what is not said', () => {
    const { workers, isolation, batch, timeout, retries, grace, threadsPerWorker, rerunOn, engine } = resolved(base);
    assert.deepEqual([workers, isolation, batch, timeout, retries.times, grace, threadsPerWorker, rerunOn, engine], [4, 'worker', 'auto', null, 0, 2, 1, ['args', 'code'], { kind: 'local' }]);
  });

  it('reads shares, sizes and rules', () => {
    const workload = resolved({ ...base, workers: '50%', timeout: '300%', halt: 'soon,fail=5%', memory: { perWorker: '2G', startWhenFree: 1000 }, retries: { times: 2, wait: 0.5 } });
    assert.deepEqual([workload.workers, workload.timeout, workload.halt, workload.memory, workload.retries], [2, { percent: 300 }, { when: 'soon', on: 'fail', percent: 5 }, { perWorker: 2 * 1024 ** 3, startWhenFree: 1000 }, { times: 2, wait: 0.5, factor: 2 }]);
  });

  for (const [what, value, message] of [
    ['a field that there is not', { ...base, worker: 3 }, /no field "worker".*workers/],
    ['a wrong kind', { ...base, workers: 'many' }, /workers must be "auto".*not "many"/],
    ['a target without a function', { ...base, run: { python: 'work.py' } }, /run\.python must be like work\.py:function/],
    ['nothing to run', { over: base.over }, /run must be there/],
    ['no rows', { run: base.run }, /over must be there/],
    ['a range that never ends', { ...base, over: { range: [0, 3, 0] } }, /over\.range must be \[start, stop\]/],
    ['an unknown halt', { ...base, halt: 'later' }, /halt must be like "soon,fail=1"/],
    ['results of another kind', { ...base, results: 'x.xlsx' }, /results must be a file that ends in \.csv or \.jsonl/],
    ['a fork of Node', { ...base, run: { node: 'w.mjs:f' }, isolation: 'fork' }, /Node can't fork/],
    ['dask for a command', { ...base, run: { command: ['x'] }, engine: { kind: 'dask', address: 'local' } }, /Python functions only/],
  ] as const) it(`refuses ${what}`, () => assert.throws(() => resolved(value), (error: Error) => error.name === 'HumanError' && message.test(error.message)));
});

describe('rows', () => {
  it('come from lists, ranges and grids', async () => {
    assert.deepEqual(await rowsOf(over({ rows: [1, [2, 3], { a: 4 }] })), [1, [2, 3], { a: 4 }]);
    assert.deepEqual(await rowsOf(over({ range: [2, 8, 3] })), [2, 5]);
    assert.deepEqual(await rowsOf(over({ range: [3, 0, -1] })), [3, 2, 1]);
    assert.deepEqual(await rowsOf(over({ grid: { a: [1, 2], b: ['x', 'y'] } })), [{ a: 1, b: 'x' }, { a: 1, b: 'y' }, { a: 2, b: 'x' }, { a: 2, b: 'y' }]);
    assert.deepEqual(await rowsOf(over({ grid: { a: [1], b: [] } })), []);
  });

  it('come from files of every kind', async () => {
    assert.deepEqual(await rowsOf({ csv: fileOf('a.csv', 'name,size\n"a,b",1\nc,"2\n3"\n') }), [{ name: 'a,b', size: '1' }, { name: 'c', size: '2\n3' }]);
    assert.deepEqual(await rowsOf({ csv: fileOf('a.tsv', 'name\tsize\nx\t1\n') }), [{ name: 'x', size: '1' }]);
    assert.deepEqual(await rowsOf({ jsonl: fileOf('a.jsonl', '{"a":1}\n\n[2]\r\n3') }), [{ a: 1 }, [2], 3]);
    assert.deepEqual(await rowsOf({ lines: fileOf('a.txt', 'eins\nzwei ü\n') }), ['eins', 'zwei ü']);
    assert.deepEqual(await rowsOf({ json: fileOf('a.json', '[1,{"b":2}]') }), [1, { b: 2 }]);
    assert.deepEqual(await rowsOf({ glob: '*.jsonl' }), ['a.jsonl']);
    const [lines, jsonl, json] = [fileOf('mark.txt', '\ufeffeins\n\ufeffzwei'), fileOf('mark.jsons', '\ufeff{"a":1}\n'), fileOf('mark.json', '\ufeff[1]')];
    assert.deepEqual([await rowsOf({ lines }), await rowsOf({ jsonl }), await rowsOf({ json })], [['eins', '\ufeffzwei'], [{ a: 1 }], [1]], 'a byte order mark is no part of the first row');
  });

  it('keep every line whole over the borders of chunks', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `${'ü'.repeat(i % 50)} ${i}`);
    assert.deepEqual(await rowsOf({ lines: fileOf('long.txt', lines.join('\n')) }), lines);
  });

  it('say which line is wrong', async () => {
    const csv = fileOf('few.csv', 'a,b,c\n1,2,3\n4,5\n6,7,8\n');
    await assert.rejects(rowsOf({ csv }), (error: Error) => error.name === 'HumanError' && error.message.startsWith(`${csv}:3: `) && error.message.includes('has 2 columns, the first line 3'));
    const jsonl = fileOf('bad.jsonl', '{"a":1}\n{"a":\n');
    await assert.rejects(rowsOf({ jsonl }), (error: Error) => error.message.startsWith(`${jsonl}:2: this line is not JSON`));
    await assert.rejects(async () => rowsOf({ lines: 'nowhere.txt' }), /can't be read: there is no such file \(ENOENT\)/);
  });
});

describe('the words of a command', () => {
  it('take columns, items, the row and its number', () => {
    assert.deepEqual(fillTemplate(['{a}', '{#}'], '{"a":"x; rm"}', 0), ['x; rm', '1']);
    assert.deepEqual(fillTemplate(['{2}-{1}'], '["p","q"]', 0), ['q-p']);
    assert.deepEqual(fillTemplate(['{}', '{1}', '--in={}.png', '{row}', 'in the text {row}'], '"file"', 0), ['file', 'file', '--in=file.png', 'file', 'in the text file']);
    assert.deepEqual(fillTemplate(['{}'], '{"a": 1}', 0), ['{"a": 1}']);
    assert.deepEqual(fillTemplate(['{größe in cm}', '{__proto__}'], '{"größe in cm":5,"__proto__":"x"}', 0), ['5', 'x']);
  });

  it('take numbers as they stand', () => {
    for (const number of ['9007199254740993', '1.0', '1e400', '-0', '123456789012345678901234567890']) assert.deepEqual(fillTemplate(['{}', '{n}'], `{"n":${number}}`, 0), [`{"n":${number}}`, number]);
  });

  it('leave code, JSON and regular expressions alone', () => {
    const words = ['{"a": 1}', '{ x }', '${HOME}', '{print}', 'a{1}', '[a-z]{3}', 'd = {}; print(d)', '{"a": {}}', '${x} ${#x}', '{{name}}'];
    assert.deepEqual(fillTemplate(words, '"r"', 0), words);
    assert.deepEqual(fillTemplate(['sh', '-c', 'convert {} {}.png'], '"r"', 0), ['sh', '-c', 'convert r r.png'], 'a shell\'s script has no other use for {}');
  });

  it('are themselves in double braces', () => {
    assert.deepEqual(fillTemplate(['{{}}', '{{#}}', '{{1}}', 'x{{1}}'], '"r"', 0), ['{}', '{#}', '{1}', 'x{{1}}']);
    assert.deepEqual(fillTemplate(['{{a}}', '{{b}}'], '{"a":1}', 0), ['{a}', '{{b}}'], 'what is no placeholder needs no escape');
  });

  it('take their columns from the first row, and name one that is missing later', () => {
    const template = new Template(['{name}', '{size}'], '{"name":"x"}');
    assert.deepEqual(template.fill('{"name":"y","size":3}', 1), ['y', '{size}']);
    assert.throws(() => template.fill('{"size":3}', 7), (error: Error) => error.name === 'HumanError' && /^Row 7 has no value for \{name\}: its columns are size\./.test(error.message));
  });

  it('tell what may not be expected', () => {
    const notes = (words: string[], row: string): string => new Template(words, row).notes.join('\n');
    assert.match(notes(['echo', 'fixed'], '"r"'), /no placeholder: it runs once for each row, the same each time\. \{\} stands for the row, \{#\} for its number/);
    assert.match(notes(['echo', '{n}', '{nane}'], '{"n":1}'), /\{nane\} stays as it is: there is no such column.*\{n\}/);
    assert.match(notes(['echo', '{}', 'd = {}'], '1'), /\{\} in the word "d = \{\}" stays as it is.*write \{row\}/);
    assert.equal(notes(['awk', '{print}', '{}'], '1'), '');
  });
});

describe('what a worker writes', () => {
  it('is taken apart', () => {
    assert.deepEqual(parseAnswer('0 7 99 - {"a": "b c"}'), { failed: false, duration: 7, logEnd: 99, facts: undefined, value: '{"a": "b c"}' });
    assert.equal(parseAnswer('1 7 99 {"pid":4} null')?.facts, '{"pid":4}');
    assert.deepEqual(parseMark('>12 5 7'), { sequence: 12, start: 5, left: 7 });
  });
  it('is refused when it is something else', () => {
    for (const other of ['', '0', '0 7', '0 7 99', '0 7 99 -', '0 7 99 1', '2 7 99 - 1', 'x 7 9 - 1', '0 x 9 - 1', '0 -7 9 - 1', '{"a":1}']) assert.equal(parseAnswer(other), undefined, other);
    for (const other of ['', '>', '>1 2', '>1 2 3 4', '>1 2 x', '1 2 3']) assert.equal(parseMark(other), undefined, other);
  });
  it('tells the running task in the slot', () => {
    assert.deepEqual(parseSlot('>3 70 2\n0 7 0 - 1\n\0>3 5\nold'), { lines: ['>3 70 2', '0 7 0 - 1'], current: { sequence: 4, start: 77 } });
    assert.deepEqual(parseSlot('>3 70 1\n0 7 0 - 1\n\0').current, undefined);
    assert.deepEqual(parseSlot('\0>4 77 1\n'), { lines: [], current: undefined });
    assert.deepEqual(parseSlot('no end'), { lines: [], current: undefined });
  });
});

describe('the journal', () => {
  const write = (path: string, code: string, entries: { index: number; row: string; value?: string; us?: number }[]): void => {
    const journal = new Journal(path);
    journal.note({ e: 'open', t: 0, code, runner: '1', workers: 1 });
    for (const { index, row, value, us = 5 } of entries) {
      const outcome = { task: { index, row, attempt: 1 }, worker: 1, startedAt: 1, answer: { duration: us, logEnd: 0, facts: undefined }, logStart: 0 };
      if (value === undefined) journal.failed(outcome, { type: 'E', message: 'm' }, false);
      else journal.done(outcome, value);
    }
    journal.close();
  };

  it('knows rows by their content, wherever they have moved, and equal ones by their number', () => {
    const path = join(folder, 'j1');
    write(path, 'c', [{ index: 0, row: '"a"', value: '1' }, { index: 1, row: '"b"', value: '2' }, { index: 2, row: '"b"', value: '3' }, { index: 3, row: '"x"' }]);
    const earlier = new Earlier(path, 'c', true);
    assert.deepEqual(['"new"', '"b"', '"a"', '"b"', '"b"', '"x"'].map((row, i) => earlier.take(i, row)), ['new', 'done', 'done', 'done', 'new', 'failed']);
  });

  it('forgets what other code has done, unless code is not asked for', () => {
    const path = join(folder, 'j2');
    write(path, 'old', [{ index: 0, row: '1', value: '1' }]);
    assert.equal(new Earlier(path, 'new', true).take(0, '1'), 'new');
    assert.equal(new Earlier(path, null, true).take(0, '1'), 'done');
    assert.equal(new Earlier(path, null, false).take(0, '"other"'), 'done');
  });

  it('survives a line that a killed runner left half written', () => {
    const path = join(folder, 'j3');
    write(path, 'c', [{ index: 0, row: '1', value: '1' }]);
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"e":"done","i":1,"w":1`, 'utf8');
    write(path, 'c', [{ index: 2, row: '3', value: '3' }]);
    const earlier = new Earlier(path, 'c', true);
    assert.deepEqual(['1', '2', '3'].map((row, i) => earlier.take(i, row)), ['done', 'new', 'done']);
  });

  it('gives rows and results back byte for byte, long rows by their hash', () => {
    const path = join(folder, 'j4');
    const long = JSON.stringify('z'.repeat(5000));
    const rows = ['12345678901234567890', '{"a": 1.0,"n":3,"row":5}', '"ü\\n,\\"v\\":"', long];
    const values = ['98765432109876543210', '{"v":1,"row":2}', '"é,\\"n\\":3"', '1'];
    write(path, 'c', rows.map((row, index) => ({ index, row, value: values[index] ?? '' })));
    const earlier = new Earlier(path, 'c', true);
    const done = new KeyCounts();
    rows.forEach((row, i) => {
      assert.equal(earlier.take(i + 10, row), 'done');
      done.add(hashOf(row), i + 10);
    });
    assert.ok(earlier.hasMoved(14));
    const told: [number, string | undefined, string | undefined][] = [];
    earlier.results(done, new KeyCounts(), ({ index, row, value }) => told.push([index, row, value]));
    assert.deepEqual(told, rows.map((row, i) => [i + 10, row === long ? undefined : row, values[i]]));
  });

  it('knows how long rows took, when that matters', () => {
    const path = join(folder, 'j5');
    write(path, 'c', [{ index: 0, row: '"a,\\"n\\":5,\\"row\\":"', value: '1', us: 5 }, { index: 1, row: '2', value: '"x"', us: 200_000 }]);
    const expectedOf = durationsIn(path, 2);
    assert.deepEqual(['"a,\\"n\\":5,\\"row\\":"', '2', '3'].map((row) => expectedOf?.(row)), [5, 200_000, undefined]);
    assert.equal(durationsIn(path, 1), undefined, 'more rows than are to be kept in memory');
    const journal = new Journal(path);
    journal.note({ e: 'close', t: 0, state: 'done', done: 2, failed: 0, longest: 900 });
    journal.close();
    assert.equal(durationsIn(path, 2), undefined);
  });

  it('does not sort many short rows because one of them was once held up', () => {
    const path = join(folder, 'j6');
    write(path, 'c', range(12_000).map((index) => ({ index, row: String(index), value: '1', us: index === 7 ? 110_000 : 5 })));
    assert.equal(durationsIn(path, 1_000_000), undefined, 'a killed runner has left no last word');
    const close = (longest: number): void => {
      const journal = new Journal(path);
      journal.note({ e: 'close', t: 0, state: 'done', done: 12_000, failed: 0, longest });
      journal.close();
    };
    close(110_000);
    assert.equal(durationsIn(path, 1_000_000), undefined);
    close(130_000);
    assert.equal(durationsIn(path, 1_000_000)?.('7'), 110_000);
  });
});

describe('tasks that wait', () => {
  it('come out in their order, however many come back at once', () => {
    const queue = new Queue();
    const tasks = range(200_000).map((index) => ({ index, row: '1', attempt: 1 }));
    queue.push(tasks.slice(150_000));
    for (const task of tasks.slice(0, 100_000)) queue.retryAt(task, 5);
    queue.tick(4);
    assert.deepEqual([queue.length, queue.delayed], [50_000, 100_000]);
    queue.tick(5);
    queue.push(tasks.slice(100_000, 150_000));
    assert.equal(queue.take(1)[0]?.index, 0);
    queue.giveBack(tasks.slice(0, 1));
    const out: number[] = [];
    while (queue.length > 0) out.push(...queue.take(1000).map(({ index }) => index));
    assert.deepEqual(out, [...range(100_000), ...range(200_000).slice(150_000), ...range(150_000).slice(100_000)]);
  });
});

describe('counts of keys', () => {
  it('hold what a Map would', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(50), fc.boolean()), { maxLength: 3000 }), (steps) => {
      const counts = new KeyCounts();
      const model = new Map<number, number>();
      for (const [key, add] of steps) {
        const have = model.get(key) ?? 0;
        if (add) {
          counts.add([key, 0]);
          model.set(key, have + 1);
        } else {
          assert.equal(counts.take([key, 0]) !== undefined, have > 0);
          if (have) model.set(key, have - 1);
        }
      }
    }));
    const equal = new KeyCounts();
    for (const index of [3, 7, 5_000]) equal.add([1, 1], index);
    assert.deepEqual([1, 2, 3, 4].map(() => equal.take([1, 1])), [5_000, 7, 3, undefined], 'each of equal rows has its own number');
    const many = new KeyCounts();
    for (let i = 0; i < 50_000; i++) many.add(hashOf(String(i)), i);
    for (let i = 0; i < 50_000; i++) assert.equal(many.take(hashOf(String(i))), i);
    assert.equal(many.take(hashOf('1')), undefined);
  });
});

describe('small rules', () => {
  it('halt as GNU parallel does', () => {
    assert.equal(parseHalt('soon,fail=0'), undefined);
    assert.equal(parseHalt('now,done=101%'), undefined);
    const tenth = parseHalt('soon,fail=10%') ?? null;
    assert.equal(haltReason(tenth, { done: 0, failed: 2, total: 100 }), undefined);
    assert.match(haltReason(tenth, { done: 17, failed: 2, total: 100 }) ?? '', /11 % of the tasks failed/);
    assert.equal(haltReason(tenth, { done: 19, failed: 2, total: 100 }), undefined);
    assert.equal(haltReason(parseHalt('now,success=1') ?? null, { done: 1, failed: 0, total: 9 }), '1 task succeeded');
  });

  it('the rate is that of the last seconds', () => {
    const rate = new Rate(0);
    for (let now = 0; now <= 20_000; now += 100) {
      rate.add(now < 10_000 ? 100 : 10);
      rate.at(now);
    }
    assert.ok(Math.abs(rate.at(20_000) - 100) < 5, String(rate.at(20_000)));
    assert.ok(Math.abs((rate.eta(500, 20_000) ?? 0) - 5) < 0.5);
    assert.equal(rate.eta(null, 20_000), null);
  });

  it('the quota of a cgroup limits the cores, old and new', () => {
    const files = (map: Record<string, string>) => (file: string): string | undefined => map[file];
    assert.equal(cgroupQuota(files({ '/proc/self/cgroup': '0::/a/b\n', '/sys/fs/cgroup/a/cpu.max': '150000 100000\n', '/sys/fs/cgroup/a/b/cpu.max': 'max 100000\n' })), 1.5);
    assert.equal(cgroupQuota(files({ '/proc/self/cgroup': '4:cpu,cpuacct:/x\n', '/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us': '200000\n', '/sys/fs/cgroup/cpu/x/cpu.cfs_period_us': '100000\n' })), 2);
    assert.equal(cgroupQuota(files({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' })), undefined);
  });

  it('free memory is what the tightest cgroup leaves, up to the root, old and new', () => {
    const files = (map: Record<string, string>) => (file: string): string | undefined => map[file];
    const meminfo = { '/proc/meminfo': 'MemTotal: 9000 kB\nMemAvailable: 8000 kB\n' };
    assert.equal(freeMemory(files(meminfo)), 8000 * 1024);
    assert.equal(freeMemory(files({})), undefined);
    const second = { ...meminfo, '/proc/self/cgroup': '0::/a/b\n', '/sys/fs/cgroup/a/b/memory.max': 'max\n', '/sys/fs/cgroup/a/b/memory.current': '70000\n', '/sys/fs/cgroup/a/memory.max': '100000\n', '/sys/fs/cgroup/a/memory.current': '80000\n' };
    assert.equal(freeMemory(files(second)), 20_000);
    assert.equal(freeMemory(files({ ...second, '/sys/fs/cgroup/a/memory.stat': 'anon 1\ninactive_file 30000\n' })), 50_000);
    const first = { ...meminfo, '/proc/self/cgroup': '9:memory:/x/y\n', '/sys/fs/cgroup/memory/x/y/memory.limit_in_bytes': '9223372036854771712\n', '/sys/fs/cgroup/memory/x/y/memory.usage_in_bytes': '5\n', '/sys/fs/cgroup/memory/memory.limit_in_bytes': '3000\n', '/sys/fs/cgroup/memory/memory.usage_in_bytes': '4000\n', '/sys/fs/cgroup/memory/memory.stat': 'total_inactive_file 500\n' };
    assert.equal(freeMemory(files(first)), 0);
  });

  it('results are whole lines of JSON, and csv that others read, with a column for whatever a row brings', () => {
    const result = { index: 1, row: '{"a":"x,y","b":2}', microseconds: 5, value: '"line\\nbreak"', error: undefined };
    assert.deepEqual(JSON.parse(jsonLine(result)), { index: 1, row: { a: 'x,y', b: 2 }, status: 'done', value: 'line\nbreak', us: 5 });
    const path = join(folder, 'r.csv');
    const file = new ResultsFile(path);
    file.add(result);
    file.add({ ...result, index: 2, row: '{"b":9007199254740993}', value: undefined, error: { type: 'E', message: 'say "no"' } });
    file.add({ ...result, index: 3, row: '{"b":1.0,"value":"later"}', value: '1e400' });
    file.publish();
    file.close();
    assert.equal(readFileSync(path, 'utf8'), 'index,a,b,status,value,error,us,row.value\n1,"x,y",2,done,"line\nbreak",,5,\n2,,9007199254740993,failed,,"E: say ""no""",5,\n3,,1.0,done,1e400,,5,later\n');
  });
});

describe('the schema of workload files', () => {
  const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../../media/workload.schema.json'), 'utf8')) as { properties: Record<string, unknown> & { run: { oneOf: { required: string[] }[] }; over: { oneOf: { required: string[] }[] } } };

  it('names the same fields as the reader', () => {
    const names = Object.keys(schema.properties).filter((name) => name !== '$schema');
    assert.throws(() => resolved({ ...base, nonsense: 1 }), (error: Error) => {
      const known = (/There are: (.*)\.$/.exec(error.message)?.[1] ?? '').split(', ');
      assert.deepEqual([...new Set(known)].sort(), names.sort());
      return true;
    });
  });

  it('has every kind of run and of rows that the reader takes', () => {
    const runs = [{ python: 'w.py:f' }, { node: 'w.mjs:f' }, { script: 'w.py' }, { command: ['true'] }, { ranks: 2, program: ['x'] }];
    for (const run of runs) assert.ok(schema.properties.run.oneOf.some(({ required }) => required.every((name) => name in resolved({ ...base, run }).run)));
    assert.deepEqual(schema.properties.over.oneOf.map(({ required }) => required[0]).sort(), ['csv', 'glob', 'grid', 'json', 'jsonl', 'lines', 'range', 'rows']);
    for (const given of [{ rows: [] }, { range: [0, 1] }, { grid: {} }, { glob: '*' }, { json: 'a' }, { jsonl: 'a' }, { csv: 'a' }, { lines: 'a' }]) assert.deepEqual(Object.keys(over(given)), Object.keys(given));
  });
});
