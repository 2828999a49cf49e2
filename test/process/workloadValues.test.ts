import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { JournalIndex } from '../../src/workload/journal/journalIndex';
import { resultIn } from '../../src/workload/journal/journal';
import { Ground, type Ended } from './mapping';
import { findPythons, sampleOf } from './toolchains';

let ground: Ground;
beforeEach(() => (ground = new Ground()));
afterEach(() => ground.close());

const work = 'def same(x): return x\ndef typed(x): return "%s %r" % (type(x).__name__, x)\ndef keywords(**named): return named\ndef read(name): return open(name).read()\n';
/** As it was printed: a parser would round it. */
const told = ({ out }: Ended): string[] => out.trimEnd().split('\n').map((line) => line.replace(/,"us":\d+\}$/, '}'));
const values = ({ results }: Ended): unknown[] => results.map(({ value, error }) => value ?? `${error?.type}: ${error?.message}`);
const inOrder = ['--order', 'input', '--quiet'];

describe('numbers arrive as they were given', () => {
  const numbers = ['1610521604143693812', '1.0', '1e2', '-0.0', '0.1', '123456789012345678901234567890', '{"id":9007199254740993,"x":2.0}'];
  const types = ['int 1610521604143693812', 'float 1.0', 'float 100.0', 'float -0.0', 'float 0.1', 'int 123456789012345678901234567890', "dict {'id': 9007199254740993, 'x': 2.0}"];

  for (const { path, version } of sampleOf(findPythons())) {
    it(`at functions of Python ${version}, however the rows are given`, async () => {
      ground.write({ 'work.py': work, 'rows.json': `[${numbers.join(', ')}]`, 'rows.jsonl': numbers.join('\n'), 'w.workload.json': `{"run": {"python": "work.py:typed", "interpreter": "${path}"}, "over": {"rows": [${numbers.join(', ')}]}, "order": "input"}` });
      for (const given of [['--json', 'rows.json'], ['--jsonl', 'rows.jsonl'], ['--rows', `[${numbers.join(',')}]`]]) {
        const ended = await ground.map('--python', 'work.py:typed', '--interpreter', path, ...given, ...inOrder);
        assert.deepEqual([ended.status, ended.err, values(ended)], [0, '', types], given[0]);
        assert.deepEqual(told(ended).map((line) => /"row":(.*),"status"/.exec(line)?.[1]), numbers);
      }
      assert.deepEqual(values(await ground.map('w.workload.json')), types);
      const back = await ground.map('--python', 'work.py:same', '--interpreter', path, '--jsonl', 'rows.jsonl', '--results', 'r.csv', ...inOrder);
      assert.equal(back.status, 0, back.err);
      assert.equal(ground.read('r.csv').replaceAll(/,,\d+,/g, ',,N,'), [
        'index,row,status,value,error,us,id,x', '0,1610521604143693812,done,1610521604143693812,,N,,', '1,1.0,done,1.0,,N,,', '2,1e2,done,100.0,,N,,', '3,-0.0,done,-0.0,,N,,', '4,0.1,done,0.1,,N,,',
        '5,123456789012345678901234567890,done,123456789012345678901234567890,,N,,', '6,,done,"{""id"":9007199254740993,""x"":2.0}",,N,9007199254740993,2.0', '',
      ].join('\n'));
    });
  }

  it('in grids, ranges and csv', async () => {
    ground.write({ 'work.py': work, 'rows.csv': 'id,x\n9007199254740993,2.0\n007,1e3\n' });
    const grid = await ground.workload({ run: { python: 'work.py:keywords' }, over: { grid: {} }, order: 'input' });
    assert.equal(grid.status, 0);
    ground.write({ 'g.workload.json': '{"run": {"python": "work.py:keywords"}, "over": {"grid": {"id": [9007199254740993], "rate": [1.0, 0.5]}}, "order": "input"}' });
    assert.deepEqual(told(await ground.map('g.workload.json')).map((line) => /"value":(.*)\}$/.exec(line)?.[1]), ['{"id":9007199254740993,"rate":1.0}', '{"id":9007199254740993,"rate":0.5}']);
    const typed = async (...given: string[]): Promise<unknown[]> => values(await ground.map('--python', 'work.py:typed', ...given, ...inOrder));
    assert.deepEqual(await typed('--range', '9007199254740993:9007199254740995'), ['int 9007199254740993', 'int 9007199254740994']);
    assert.deepEqual(await typed('--range', '0:0.4:0.1'), ['float 0.0', 'float 0.1', 'float 0.2', 'float 0.3']);
    assert.deepEqual(await typed('--csv', 'rows.csv'), ["dict {'id': '9007199254740993', 'x': '2.0'}", "dict {'id': '007', 'x': '1e3'}"]);
  });

  it('at commands', async () => {
    const ended = await ground.map('--rows', `[${numbers.join(',')}]`, ...inOrder, '--', 'echo', '{}');
    assert.deepEqual(values(ended), numbers);
    assert.deepEqual(values(await ground.map('--rows', '[{"id":9007199254740993,"x":1e400}]', '--quiet', '--', 'echo', '{id} {x}')), ['9007199254740993 1e400']);
  });

  it('at functions of Node where JavaScript can hold them, and are refused by name where not', async () => {
    ground.write({ 'work.mjs': 'export const typed = (x) => `${typeof x} ${JSON.stringify(x)}`;\nexport const same = (x) => x;\n' });
    const ended = await ground.map('--node', 'work.mjs:typed', '--rows', '[1.5, 9007199254740991, 9007199254740993, {"id": 1610521604143693812}, 1e400, "9007199254740993"]', ...inOrder);
    assert.equal(ended.status, 3);
    const refusal = (number: string): string => `RowRefused: ${number} can't be a number of JavaScript: whole numbers end at 2^53, others have 17 digits. Put it in quotes, and make what you need of the text, as BigInt(text).`;
    assert.deepEqual(values(ended), ['number 1.5', 'number 9007199254740991', refusal('9007199254740993'), refusal('1610521604143693812'), refusal('1e400'), 'string "9007199254740993"']);
    assert.match(ended.err, /row 2: RowRefused: 9007199254740993/);
    assert.deepEqual(told(await ground.map('--node', 'work.mjs:same', '--rows', '[-0, 1.0, 1e21]', ...inOrder)).map((line) => /"row":(.*)\}$/.exec(line)?.[1]), ['-0,"status":"done","value":-0', '1.0,"status":"done","value":1', '1e21,"status":"done","value":1e+21']);
  });

  it('and one row that can\'t arrive fails alone', async () => {
    ground.write({ 'work.py': work, 'deep.jsonl': `1\n${'['.repeat(100_000)}${']'.repeat(100_000)}\n${'9'.repeat(5000)}\n{"a":1,"a":2}\n{"__proto__":{"x":1}}\n` });
    const ended = await ground.map('--python', 'work.py:same', '--jsonl', 'deep.jsonl', '--workers', '1', '--batch', '5', ...inOrder);
    assert.deepEqual([ended.status, ended.results.map(({ error }) => error?.type)], [3, [undefined, 'RecursionError', 'RowRefused', 'RowRefused', undefined]]);
    assert.match(ended.results[1]?.error?.message ?? '', /^the row can't be read: it is nested too deeply/);
    assert.match(ended.results[3]?.error?.message ?? '', /the key "a" stands twice/);
    assert.match(told(ended)[4] ?? '', /"row":\{"__proto__":\{"x":1\}\},"status":"done","value":\{"__proto__":\{"x":1\}\}/);
  });

  it('in the journal, in what a window reads of it, and when a run is resumed', async () => {
    ground.write({ 'work.py': work, 'rows.jsonl': '9007199254740993\n1.0\n1\n' });
    const args = ['--python', 'work.py:same', '--jsonl', 'rows.jsonl', ...inOrder];
    const first = told(await ground.map(...args));
    const index = new JournalIndex(ground.run());
    await index.update();
    const lines = await index.lines([0, 1, 2]);
    assert.deepEqual(lines.map((line) => line && [resultIn(line.text, line.entry).row, resultIn(line.text, line.entry).value]), [['9007199254740993', '9007199254740993'], ['1.0', '1.0'], ['1', '1']]);
    ground.write({ 'rows.jsonl': '9007199254740992\n9007199254740993\n1.0\n1\n' });
    const again = told(await ground.map(...args, '--resume'));
    assert.deepEqual(again.map((line) => line.replace(/^\{"index":\d+/, '')), ['{"index":0,"row":9007199254740992,"status":"done","value":9007199254740992}', ...first].map((line) => line.replace(/^\{"index":\d+/, '')));
    assert.equal(ground.tasks().length, 4, '1.0 is not 1, and a neighbour is not the same');
    assert.equal((await ground.map(...args, '--show-row', '1')).out, '9007199254740993\n');
  });
});

describe('results are kept exactly, or refused by name at the function', () => {
  it('of Python', async () => {
    ground.write({ 'work.py': `
import decimal, functools
def nan(x): return {'a': [1, float('nan')]}
def inf(x): return float('-inf')
def decimal_(x): return decimal.Decimal('1.10')
def clash(x): return {1: 'a', '1': 'b'}
def deep(x):
    found = []
    for _ in range(100_000): found = [found]
    return found
class Odd:
    def item(self): return Odd()
def odd(x): return Odd()
def exact(x): return [-0.0, 2 ** 64, -2 ** 70, 1e22, 0.1, {1: None}, 'c\\udce9']
@functools.wraps(odd)
def wrapped(x): return b'bytes'
` });
    const message = async (name: string): Promise<string> => {
      const { results, status } = await ground.map('--python', `work.py:${name}`, '--range', '0:1', '--quiet');
      assert.equal(status, 1, name);
      const error = results[0]?.error;
      assert.ok(error?.file?.endsWith('work.py') && (error.line ?? 0) > 2 && !error.traceback?.includes('encoder.py'), name);
      return error?.message ?? '';
    };
    for (const name of ['nan', 'inf']) assert.match(await message(name), /holds NaN or an infinity, for which JSON has no word\. Return None or a text for it, or say "nan": "null"/);
    assert.match(await message('decimal_'), /a result of type Decimal can't be kept as JSON\. Return numbers/);
    assert.match(await message('clash'), /keys that are the same as texts, as 1 and '1'/);
    assert.match(await message('deep'), /nested too deeply/);
    assert.match(await message('odd'), /a result of type Odd can't be kept as JSON: no plain number is the same/);
    assert.match(await message('wrapped'), /a result of type bytes/);
    assert.match(told(await ground.map('--python', 'work.py:exact', '--range', '0:1', '--quiet'))[0] ?? '', /"value":\[-0\.0,18446744073709551616,-1180591620717411303424,1e\+22,0\.1,\{"1":null\},"c\\udce9"\]\}$/);
    assert.deepEqual(values(await ground.map('--python', 'work.py:nan', '--range', '0:1', '--nan', 'null')), [{ a: [1, null] }]);
  });

  it('of Node', async () => {
    ground.write({ 'work.mjs': `
export const exact = () => [-0, 5n, { a: 2n ** 70n }, new Float64Array([1, 2.5]), new Date(0), new Map([['a', new Set([1])]])];
export const nan = () => ({ a: [1, NaN] });
export const error = () => [new Error('x')];
export const clash = () => new Map([[1, 'a'], ['1', 'b']]);
export const call = () => ({ f() {} });
export class Hidden { #x = 1; }
export function hidden() { return new Hidden(); }
export const deep = () => { let a = []; for (let i = 0; i < 100_000; i++) a = [a]; return a; };
` });
    assert.match(told(await ground.map('--node', 'work.mjs:exact', '--range', '0:1', '--quiet'))[0] ?? '', /"value":\[-0,5,\{"a":1180591620717411303424\},\[1,2\.5\],"1970-01-01T00:00:00\.000Z",\{"a":\[1\]\}\]\}$/);
    for (const [name, message, line] of [['nan', /NaN or an infinity/, 3], ['error', /of type Error/, 4], ['clash', /the same as texts/, 5], ['call', /of type function/, 6], ['hidden', /of type Hidden/, 8], ['deep', /nested too deeply/, 9]] as const) {
      const { results } = await ground.map('--node', `work.mjs:${name}`, '--range', '0:1', '--quiet');
      assert.match(results[0]?.error?.message ?? '', message);
      assert.deepEqual([results[0]?.error?.file?.endsWith('work.mjs'), results[0]?.error?.line], [true, line], name);
    }
    assert.deepEqual(values(await ground.map('--node', 'work.mjs:nan', '--range', '0:1', '--nan', 'null')), [{ a: [1, null] }]);
  });

  it('of numpy', { skip: findPythons().every(({ path }) => spawnSync(path, ['-c', 'import numpy'], { timeout: 60_000 }).status !== 0) && 'no Python here has numpy' }, async () => {
    const python = findPythons().map(({ path }) => path).find((path) => spawnSync(path, ['-c', 'import numpy'], { timeout: 60_000 }).status === 0) ?? '';
    ground.write({ 'work.py': 'import numpy as np\nfound = [np.int64(2**62 + 1), np.float32(0.1), np.arange(3), np.longdouble(1) / 3, np.datetime64("2020-01-01", "ns"), np.complex64(1)]\ndef f(x): return found[x]\n' });
    const ended = await ground.map('--python', 'work.py:f', '--range', '0:6', '--interpreter', python, ...inOrder);
    assert.ok(ended.out.includes('"value":4611686018427387905') && ended.out.includes('"value":0.10000000149011612') && ended.out.includes('"value":[0,1,2]'));
    assert.deepEqual(ended.results.slice(3).map(({ error }) => /^a result of type (\w+)/.exec(error?.message ?? '')?.[1]), ['longdouble', 'datetime64', 'complex']);
  });

  it('of commands: all that they print, whatever its bytes', async () => {
    const { results } = await ground.map('--range', '0:1', '--quiet', '--', 'sh', '-c', 'printf "caf\\351\\n"; head -c 200000 /dev/zero | tr "\\\\0" x');
    assert.equal(results[0]?.value, `caf\udce9\n${'x'.repeat(200_000)}`);
  });
});

describe('names that are no UTF-8', { skip: process.platform !== 'linux' && 'names are UTF-8 there' }, () => {
  const name = Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x2e, 0x74, 0x78, 0x74]);

  beforeEach(() => {
    writeFileSync(Buffer.concat([Buffer.from(`${ground.folder}/`), name]), 'found');
    mkdirSync(Buffer.concat([Buffer.from(`${ground.folder}/`), Buffer.from([0x64, 0xff])]));
    writeFileSync(Buffer.concat([Buffer.from(`${ground.folder}/d`), Buffer.from([0xff]), Buffer.from('/in.txt')]), 'below');
    writeFileSync(join(ground.folder, 'names'), Buffer.concat([name, Buffer.from('\n')]));
    ground.write({ 'work.py': work, 'work.mjs': 'import { readFileSync } from "node:fs";\nexport const read = (name) => readFileSync(name, "utf8");\n' });
  });

  it('are found by a pattern, and reached by Python and by commands', async () => {
    assert.deepEqual(values(await ground.map('--python', 'work.py:read', '--glob', '**/*.txt', ...inOrder)), ['found', 'below']);
    assert.deepEqual(values(await ground.map('--glob', '**/*.txt', ...inOrder, '--', 'cat', '{}')), ['found', 'below']);
    assert.deepEqual(values(await ground.map('--lines', 'names', '--encoding', 'bytes', '--quiet', '--', 'cat', '{}')), ['found']);
    await ground.map('--python', 'work.py:same', '--glob', '*.txt', '--results', 'r.csv', '--quiet');
    assert.ok(execFileSync('cat', [join(ground.folder, 'r.csv')]).includes(Buffer.concat([Buffer.from('0,'), name, Buffer.from(',done,'), name])));
  });

  it('are refused by name where they can\'t be reached', async () => {
    const node = await ground.map('--node', 'work.mjs:read', '--glob', '*.txt', '--quiet');
    assert.match(node.results[0]?.error?.message ?? '', /the name of the file holds bytes that are no UTF-8.*caf\\udce9\.txt/);
    const lines = await ground.map('--python', 'work.py:read', '--lines', 'names', '--quiet');
    assert.deepEqual([lines.status, /names:1:4: the byte 0xe9 at offset 3 is no UTF-8.*--encoding bytes/.test(lines.err)], [102, true]);
    const argument = spawnSync('sh', ['-c', '"$0" "$1" --lines names -- grep "$(printf "caf\\351")" {}', process.execPath, await Ground.program()], { cwd: ground.folder, env: ground.environment, encoding: 'utf8' });
    assert.deepEqual([argument.status, /An argument holds bytes that are no UTF-8/.test(argument.stderr)], [102, true]);
  });
});
