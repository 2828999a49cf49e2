import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { JournalIndex } from '../../src/workload/journal/journalIndex';
import { JournalTail } from '../../src/workload/journal/journalTail';
import { journalOf, type Progress } from '../../src/workload/protocol';
import { inStretches, sortBy } from '../../src/workload/journal/sorting';
import { Slowest } from '../../src/workload/journal/summary';
import { functionAt, functionsIn, isTestFile, nodeFunctions, pythonFunctions } from '../../src/views/workload/functions';
import { parseOver } from '../../src/views/workload/results/overText';
import { doneText, endText, restText, stateText, workerText } from '../../src/views/workload/run/words';

const folder = mkdtempSync(join(tmpdir(), 'procession-editor-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe('functions that can be run over rows', () => {
  const names = (places: { name: string; line: number }[]): string[] => places.map(({ name, line }) => `${line} ${name}`);

  test('of Python: at the top level, with a parameter, not in texts and comments', () => {
    const source = [
      'def first(a): pass', // 0
      'def none(): pass',
      'async def second(', '    a: dict[str, int] = {"(": 1},', '    *, b=")",', '): pass', // 2
      'class C:', '    def method(self): pass',
      '"""', 'def in_a_text(a): pass', '"""',
      '# def in_a_comment(a): pass',
      'def bare(*): pass', 'def third(*args, **named): pass', // 13
      'text = "#"', 'def fourth(a): return """', 'def no(a): pass', '"""', // 15
      'def generic[T](a: T) -> T: return a', // 18
    ].join('\n');
    assert.deepEqual(names(pythonFunctions(source)), ['0 first', '2 second', '13 third', '15 fourth', '18 generic']);
    assert.deepEqual(pythonFunctions(source)[1]?.parameters, ['a: dict[str, int] = {"(": 1}', 'b=")"']);
  });

  test('of Node: what is exported, in each way', () => {
    const source = [
      'export function one(a) {}', 'export async function two({ a }, b) {}', 'function hidden(a) {}', 'function listed(a) {}',
      'export const three = (a) => a;', 'export const four = async a => a;', 'export const five = async function (a) {};', 'export const value = 3;',
      'exports.six = (a) => a;', 'module.exports.seven = function (a) {};', 'export function none() {}', '// export function no(a) {}', '/*', 'export function no(a) {}', '*/',
      'const text = `', 'export function no(a) {}', '`;', 'export { listed };', 'export default function (a) {}',
    ].join('\n');
    assert.deepEqual(names(nodeFunctions(source)), ['0 one', '1 two', '3 listed', '4 three', '5 four', '6 five', '8 six', '9 seven']);
    assert.deepEqual(names(nodeFunctions('async function a(x) {}\nfunction b(x) {}\nmodule.exports = { a, c: 3 };')), ['0 a']);
  });

  test('of TypeScript: with types, once where there are overloads', () => {
    const source = [
      'export interface Row { a: number }', 'export type F = (a: number) => void;', 'export function one<T extends Row>(row: T): T { return row; }',
      'export const two: (a: number) => number = (a) => a;', 'export const three = async <T>(a: T): Promise<T> => a;', 'export const four: F = a => undefined;',
      'export function five(a: string): string;', 'export function five(a: number): number;', 'export function five(a: any): any { return a; }', 'export const value: number = 3;',
    ].join('\n');
    assert.deepEqual(names(functionsIn('/a/x.mts', source)), ['2 one', '3 two', '4 three', '5 four', '8 five']);
  });

  test('whatever the text, the lines are in it and nothing is thrown', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('def f(a):', '"""', '\'\'\'', '# x', '(', ')', '"', '\\', 'export function g(b) {', '`', '/*', '*/', '\n', ' '), { maxLength: 40 }), (parts) => {
      const source = parts.join('\n');
      const lines = source.split('\n');
      for (const { name, line } of pythonFunctions(source)) assert.ok(lines[line]?.includes(`def ${name}`));
      for (const { name, line } of nodeFunctions(source)) assert.ok(lines[line]?.includes(`function ${name}`));
    }));
  });

  test('files of tests have none; the cursor belongs to the function above', () => {
    for (const path of ['/a/test_x.py', '/a/x_test.py', '/a/conftest.py', '/a/x.test.mjs', '/a/tests/x.py']) assert.ok(isTestFile(path), path);
    for (const path of ['/a/latest.py', '/a/contest.mjs', '/attest/x.py']) assert.ok(!isTestFile(path), path);
    const functions = functionsIn('/a/x.py', 'import x\ndef f(a):\n    pass\ndef g(a):\n    pass');
    assert.deepEqual([0, 2, 4].map((line) => functionAt(functions, line)?.name), [undefined, 'f', 'g']);
    assert.deepEqual(functionsIn('/a/x.txt', 'export function f(a) {}'), []);
    assert.deepEqual(functionsIn('/a/x.d.ts', 'export function f(a: number): void;'), []);
  });
});

test('rows as a person types them', () => {
  for (const [typed, over] of [
    ['100', '{"range":[0,100]}'], [' 5:10:2 ', '{"range":[5,10,2]}'], ['9007199254740993:9007199254740999', '{"range":[9007199254740993,9007199254740999]}'],
    ['[1, "a b", 1.0, 9007199254740993]', '{"rows":[1,"a b",1.0,9007199254740993]}'], ['data/*.png', '{"glob":"data/*.png"}'],
    ['a.csv', '{"csv":"a.csv"}'], ['a.TSV', '{"csv":"a.TSV"}'], ['a.jsonl', '{"jsonl":"a.jsonl"}'], ['a.json', '{"json":"a.json"}'], ['a.txt', '{"lines":"a.txt"}'],
  ] as const) assert.deepEqual(parseOver(typed), { over });
  for (const wrong of ['', 'rows', '[1', '1:2:3:4', 'a.png', '1:2:0']) assert.ok('wrong' in parseOver(wrong), wrong);
});

/** The result of work that could pause. */
function atOnce<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

describe('the index of a journal', () => {
  const run = mkdtempSync(join(folder, 'run-'));
  const journal = journalOf(run);
  const done = (i: number, us: number, v: unknown = i): string => `{"e":"done","i":${i},"w":1,"a":1,"t":0,"us":${us},"log":[0,0],"v":${JSON.stringify(v)},"n":${String(i).length},"row":${i}}\n`;
  const fail = (i: number, again: boolean): string => `{"e":"fail","i":${i},"w":1,"a":1,"t":0,"us":7,"log":[0,0],"again":${again},"error":{"type":"E","message":"\\"again\\":true,\\"error\\":"},"n":27,"row":{"again":true,"error":${i}}}\n`;

  test('tells the newest line of each row, and passes over what is torn', async () => {
    const index = new JournalIndex(run);
    await index.update();
    assert.equal(index.length, 0, 'no journal yet');
    writeFileSync(journal, `{"e":"open","t":0,"code":"","runner":"1.1","workers":1}\n${done(2, 30)}${fail(0, true)}${fail(1, false)}{"e":"done","i":9,"w":`);
    await index.update();
    assert.deepEqual([0, 1, 2, 3].map((row) => index.status(row)), ['again', 'failed', 'done', 'waiting']);
    appendFileSync(journal, `\n${done(1, 20)}${fail(2, false)}${done(5000, 10)}`);
    await index.update();
    assert.deepEqual([1, 2, 5000].map((row) => index.status(row)), ['done', 'failed', 'done']);
    assert.deepEqual({ ...index.counts, length: index.length }, { done: 2, failed: 1, length: 5001 });
    const lines = await index.lines([5000, 3, 1]);
    assert.deepEqual(lines.map((line) => line?.entry.i), [5000, undefined, 1]);
  });

  test('arranges rows by status and time', async () => {
    const index = new JournalIndex(run);
    await index.update();
    const arranged = (order: Partial<Parameters<JournalIndex['arrange']>[0]>, total = 0): number[] => [...(atOnce(index.arrange({ by: 'row', descending: false, status: 'all', ...order }, total)).rows ?? [])];
    assert.equal(atOnce(index.arrange({ by: 'row', descending: false, status: 'all' }, 5001)).rows, undefined);
    assert.deepEqual(arranged({ status: 'done' }), [1, 5000]);
    assert.deepEqual(arranged({ status: 'done', by: 'time' }), [5000, 1]);
    assert.deepEqual(arranged({ status: 'done', by: 'time', descending: true }), [1, 5000]);
    assert.deepEqual(arranged({ status: 'failed' }), [2]);
    assert.equal(arranged({ status: 'waiting' }, 6000).length, 6000 - 4);
  });

  test('reads lines longer than a slice, and goes on where it was', async () => {
    const path = join(folder, 'long');
    const texts: string[] = [];
    const tail = new JournalTail(path, (_, from, to, offset) => texts.push(`${offset} ${to - from}`));
    writeFileSync(path, `${'a'.repeat(3 << 20)}\nshort\nto`);
    await tail.read();
    appendFileSync(path, 'rn\n');
    await tail.read();
    assert.deepEqual(texts, [`0 ${3 << 20}`, `${(3 << 20) + 1} 5`, `${(3 << 20) + 7} 4`]);
  });

  test('sorts as a stable sort does', () => {
    fc.assert(fc.property(fc.uint32Array(), (keys) => {
      const rows = Uint32Array.from(keys.keys());
      const expected = [...rows].sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
      assert.deepEqual([...atOnce(sortBy(rows, keys))], expected);
    }));
  });

  test('is sorted in stretches that let others have their turn, and can be called off', async () => {
    const length = 3_000_000;
    const keys = Uint32Array.from({ length }, (_, i) => (i * 7919) % 1_000_003);
    let turns = 0;
    const others = setInterval(() => turns++, 0);
    const sorted = await inStretches(sortBy(Uint32Array.from(keys.keys()), keys), () => false);
    clearInterval(others);
    assert.ok(turns > 1, `others had ${turns} turns`);
    assert.ok(sorted?.every((row, at) => at === 0 || (keys[sorted[at - 1] ?? 0] ?? 0) <= (keys[row] ?? 0)));
    assert.equal(await inStretches(sortBy(Uint32Array.from(keys.keys()), keys), () => true), undefined);
  });
});

describe('words', () => {
  const progress: Progress = {
    t: 5_000, state: 'running', runner: '1.1', startedAt: 1_000, control: null, done: 1234, failed: 2, running: 2, waiting: 8762, skipped: 0, total: 10_000, rate: 123.4, etaSeconds: 71, workers: [],
  };

  test('of a workload that runs, that has ended, whose runner has gone', () => {
    assert.equal(doneText(progress), '1,234 of 10,000 done');
    assert.match(restText(progress), /^2 failed · 2 running · 8,762 waiting · 123\/s · ETA /);
    assert.equal(stateText(progress, true), 'running');
    assert.match(stateText(progress, false), /^interrupted/);
    const ended: Progress = { ...progress, state: 'done', done: 9998, running: 0, waiting: 0 };
    assert.match(stateText(ended, false), /^2 failed · 4(\.0)? s$/);
    assert.equal(endText(ended), '9,998 of 10,000 done, 2 failed');
    assert.equal(endText({ ...ended, state: 'refused', reason: 'no such file' }), 'no such file');
  });

  test('of a worker', () => {
    const worker = { number: 1, pid: 5, state: 'busy' as const, row: { index: 137, text: '137', since: 1_000 }, done: 512, restarts: 1 };
    assert.match(workerText(worker, 3_300), /^row 137 for 2\.3 s · 512 done · 1 restart$/);
    assert.equal(workerText({ ...worker, state: 'idle', row: null, restarts: 0 }, 0), 'idle · 512 done');
  });

  test('of the slowest tasks: the longest five', () => {
    const slowest = new Slowest();
    for (const [index, us] of [5, 1, 9, 3, 7, 2, 8].entries()) slowest.add(index, us * 1e6);
    assert.deepEqual(slowest.tasks.map(({ seconds }) => seconds), [9, 8, 7, 5, 3]);
  });
});
