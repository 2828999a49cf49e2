import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { bytesOf, isBroken, textOf } from '../../src/workload/file/bytes';
import { compact, entriesOf, itemsOf, lossIn, memberOf, wordOf } from '../../src/workload/file/jsonText';
import { heldByNode, heldByPython, isFloat } from '../../src/workload/file/numbers';
import { rangeOf, rangeParts } from '../../src/workload/file/range';
import { readWorkload } from '../../src/workload/file/readWorkload';
import { ResultsFile } from '../../src/workload/journal/results';
import { openRows } from '../../src/workload/file/rows';
import { lossOf, takerOf } from '../../src/workload/run/taker';
import type { Over } from '../../src/workload/workload';

const folder = mkdtempSync(join(tmpdir(), 'workload-text-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

async function textsOf(over: Over): Promise<string[]> {
  const rows: string[] = [];
  for await (const chunk of openRows(over, folder).chunks) rows.push(...chunk);
  return rows;
}

/** A value's JSON with spaces and line breaks wherever they may be. */
function spread(value: unknown, space: string): string {
  if (Array.isArray(value)) return `[${space}${value.map((item) => spread(item, space)).join(`${space},${space}`)}${space}]`;
  if (typeof value === 'object' && value !== null) return `{${space}${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}${space}:${space}${spread(item, space)}`).join(`${space},${space}`)}${space}}`;
  return JSON.stringify(value);
}

const spaces = fc.constantFrom('', ' ', '\n', ' \t\r\n ');

describe('JSON as text', () => {
  it('is cut where a parser would cut it', () => {
    fc.assert(fc.property(fc.array(fc.jsonValue()), spaces, (list, space) => assert.deepEqual(itemsOf(spread(list, space)).map((item) => JSON.parse(item) as unknown), JSON.parse(JSON.stringify(list)))));
    fc.assert(fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), spaces, (object, space) => {
      const text = spread(object, space);
      assert.deepEqual(Object.fromEntries(entriesOf(text).map(([name, value]) => [name, JSON.parse(value) as unknown])), JSON.parse(text));
    }));
    assert.deepEqual(itemsOf('[1.0, 9007199254740993 ,"a,]\\"", [2,{"b":3}]]'), ['1.0', '9007199254740993', '"a,]\\""', '[2,{"b":3}]']);
    assert.deepEqual(entriesOf('{"__proto__": -0, "1": 1e400, "a\\u0062": {"c": 1}}'), [['__proto__', '-0'], ['1', '1e400'], ['ab', '{"c": 1}']]);
    assert.equal(memberOf('{"a":1,"a":2}', 'a'), '2');
    assert.deepEqual([itemsOf('[ ]'), entriesOf('{\n}')], [[], []]);
  });

  it('is made compact without a change of what it says', () => {
    fc.assert(fc.property(fc.jsonValue(), spaces, (value, space) => assert.equal(compact(spread(value, space)), JSON.stringify(value))));
    assert.equal(compact('[ 1.0 , 1e2, -0.0, "\\u00fc \\/ \\ud800" ]'), '[1.0,1e2,-0.0,"ü / \\ud800"]');
  });

  it('is a word as it stands, or the text that it is', () => {
    assert.deepEqual(['1.0', '"a \\"b\\""', '{"a": 1}', 'null'].map(wordOf), ['1.0', 'a "b"', '{"a": 1}', 'null']);
  });

  it('tells what would be lost', () => {
    const all = (): boolean => true;
    assert.deepEqual(lossIn('{"a":1,"b":{"a":2,"c":[{"a":1},{"a":2}]},"\\u0061":3}', all), { key: 'a' });
    assert.equal(lossIn('[{"a":1},{"a":2},"a",{"b":"a","a":"b"}]', all), undefined);
    assert.deepEqual(lossIn('{"1":[2,-3.5e+7]}', (number) => number !== '-3.5e+7'), { number: '-3.5e+7' });
    assert.equal(lossIn('{"1e400":"1e400 {"}', () => false), undefined, 'a text holds no numbers');
    const [python, node, command] = [{ python: 'a:f' }, { node: 'a:f' }, { command: ['x'] }].map(takerOf);
    assert.ok(python && node && command);
    assert.match(lossOf('{"id":9007199254740993}', node) ?? '', /^9007199254740993 can't be a number of JavaScript.*BigInt\(text\)/);
    assert.match(lossOf('[1e400]', python) ?? '', /^1e400 can't be a number of Python.*decimal/);
    assert.match(lossOf('{"a":1,"a":2}', command) ?? '', /the key "a" stands twice/);
    for (const row of ['9007199254740993', '1.0', '{"id":9007199254740993}', '-0', '"1e400"']) assert.equal(lossOf(row, python), undefined, row);
    for (const row of ['9007199254740991', '-0', '1e21', 'null', '[1.5]']) assert.equal(lossOf(row, node), undefined, row);
    assert.equal(lossOf('[1e400,3.14159265358979323846]', command), undefined);
  });
});

describe('numbers', () => {
  it('are floats where the float says what the text says', () => {
    for (const text of ['0.1', '1.0', '1e2', '0e5', '-0.0', '0.10000000000000000555', '0.1000000000000000055511151231257827021181583404541015625', '5e-324', '1.7976931348623157e308', '52.520006599999996', '100000000000000000000000.0']) assert.ok(isFloat(text), text);
    for (const text of ['1e400', '-1e400', '1e-400', '3.14159265358979323846', '0.1234567890123456789', '9007199254740993.0', '12345678901234567890.5']) assert.ok(!isFloat(text), text);
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 17, max: 40 }), (value, digits) => assert.ok(isFloat(String(value)) && isFloat(value.toPrecision(digits)), String(value))));
  });

  it('are whole in Python, and up to 2^53 in Node', () => {
    assert.deepEqual(['9'.repeat(4300), '9'.repeat(4301), '-9007199254740993'].map(heldByPython), [true, false, true]);
    assert.deepEqual(['9007199254740991', '9007199254740992', '-9007199254740993'].map(heldByNode), [true, false, false]);
  });
});

describe('ranges', () => {
  const numbers = (text: string): string => [...(rangeOf(rangeParts(text) ?? [])?.texts() ?? ['none'])].join(' ');

  it('are exact, of any size and with decimals', () => {
    for (const [text, expected] of [
      ['4', '0 1 2 3'], ['2:8:3', '2 5'], ['3:0:-1', '3 2 1'], ['5:5', ''], ['9007199254740993:9007199254740996', '9007199254740993 9007199254740994 9007199254740995'],
      ['0:0.5:0.1', '0.0 0.1 0.2 0.3 0.4'], ['0:-1:-0.25', '0.0 -0.25 -0.5 -0.75'], ['1.0:3', '1.0 2.0'], ['0:1e3:5e2', '0 500'], ['0:4e-3:1e-3', '0.0 0.001 0.002 0.003'], ['+1:007:.5e1', '1.0 6.0'],
    ] as const) assert.equal(numbers(text), expected, text);
    for (const text of ['', 'a', '1:', ':2', '1:2:0', '1:2:3:4', '1e99999']) assert.equal(rangeParts(text), undefined, text);
  });
});

describe('bytes that are no UTF-8', () => {
  it('come back as they were', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => assert.deepEqual(bytesOf(textOf(Buffer.from(bytes))), Buffer.from(bytes))));
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => assert.equal(textOf(Buffer.from(text)), text)));
    assert.equal(textOf(Buffer.from([0x63, 0xe9, 0xc3, 0xbc, 0xff])), 'c\udce9ü\udcff');
    assert.deepEqual([isBroken('ü😀'), isBroken('c\udce9'), isBroken('\ud800')], [false, true, true]);
    assert.equal(bytesOf('a\ud800').toString(), 'a\\ud800', 'half a character that stands for no byte');
  });
});

describe('rows of files', () => {
  const latin1 = Buffer.from('name,città\ncafé,1\n', 'latin1');

  it('of another encoding are refused with line, column and offset, or read by its name', async () => {
    const file = fileOf('latin.csv', latin1);
    await assert.rejects(textsOf({ csv: file }), (error: Error) => error.name === 'HumanError' && error.message.startsWith(`${file}:1:10: the byte 0xe0 at offset 9 is no UTF-8. Name the encoding of the file, as --encoding latin-1`));
    const line = fileOf('latin.jsonl', Buffer.from(`{"a":1}\n{"ü":"${'ü'.repeat(50_000)}`, 'utf8'));
    writeFileSync(line, Buffer.concat([readFileSync(line), Buffer.from([0xe9, 0x22, 0x7d])]));
    await assert.rejects(textsOf({ jsonl: line }), (error: Error) => error.message.startsWith(`${line}:2:${6 + 50_000 + 1}: the byte 0xe9 at offset ${8 + 7 + 100_000} `));
    assert.deepEqual(await textsOf({ csv: file, encoding: 'latin-1' }), ['{"name":"café","città":"1"}']);
    assert.deepEqual(await textsOf({ csv: fileOf('euro.csv', Buffer.from([0x61, 0x0a, 0x80])), encoding: 'windows-1252' }), ['{"a":"€"}']);
    assert.deepEqual(await textsOf({ lines: fileOf('sj.txt', Buffer.from([0x93, 0xfa, 0x0a])), encoding: 'shift_jis' }), ['"日"']);
    await assert.rejects(textsOf({ lines: file, encoding: 'no-such' }), /There is no encoding "no-such"\. There are utf-8, latin-1/);
    await assert.rejects(textsOf({ csv: file, encoding: 'shift_jis' }), /offsets .* are bytes that are no shift_jis/);
  });

  it('of names keep their bytes', async () => {
    const names = fileOf('names.txt', Buffer.from([0x63, 0xe9, 0x0a, 0xc3, 0xbc, 0x0a]));
    assert.deepEqual(await textsOf({ lines: names, encoding: 'bytes' }), ['"c\\udce9"', '"ü"']);
    assert.deepEqual(await textsOf({ csv: fileOf('names.csv', Buffer.from([0x6e, 0x0a, 0x22, 0xe9, 0x2c, 0x22, 0x0a])), encoding: 'bytes' }), ['{"n":"\\udce9,"}']);
  });

  it('have marks of their encoding, and ends of lines of every kind', async () => {
    const utf16 = Buffer.from('\ufeffa,b\r\n1,ü\r\n', 'utf16le');
    assert.deepEqual(await textsOf({ csv: fileOf('u16.csv', utf16) }), ['{"a":"1","b":"ü"}']);
    assert.deepEqual(await textsOf({ csv: fileOf('u16be.csv', Buffer.from(utf16).swap16()) }), ['{"a":"1","b":"ü"}']);
    assert.deepEqual(await textsOf({ csv: fileOf('mark.csv', '\ufeffa\n1\n') }), ['{"a":"1"}']);
    assert.deepEqual(await textsOf({ csv: fileOf('cr.csv', 'a,b\r1,2\r') }), ['{"a":"1","b":"2"}']);
    assert.deepEqual(await textsOf({ lines: fileOf('cr.txt', 'one\rtwo\r') }), ['"one"', '"two"']);
    assert.deepEqual(await textsOf({ lines: fileOf('mixed.txt', 'a\rb\r\n\n  \nc\u2028d\0') }), ['"a\\rb"', '"  "', '"c\u2028d\\u0000"'], 'a line of spaces is a row');
  });

  it('of csv have names that differ, and the separator that was meant', async () => {
    await assert.rejects(textsOf({ csv: fileOf('dup.csv', 'a,b,a\n1,2,3\n') }), /dup\.csv:1: the column "a" stands twice/);
    await assert.rejects(textsOf({ csv: fileOf('semi.csv', 'a;b\n1;2\n') }), /no comma in the first line, but semicolons.*--delimiter ';'/);
    assert.deepEqual(await textsOf({ csv: 'semi.csv', delimiter: ';' }), ['{"a":"1","b":"2"}']);
    assert.deepEqual(await textsOf({ csv: 'semi.csv', delimiter: ',' }), ['{"a;b":"1;2"}']);
    assert.deepEqual(await textsOf({ csv: fileOf('odd.csv', '__proto__,,1\n1,2,x\0y\n') }), ['{"__proto__":"1","":"2","1":"x\\u0000y"}']);
    await assert.rejects(textsOf({ csv: fileOf('open.csv', 'a,b\n"1,2\n3,4\n') }), /open\.csv:\d+: Quote Not Closed/);
    for (const content of ['', 'a,b\n']) assert.deepEqual(await textsOf({ csv: fileOf('none.csv', content) }), []);
  });

  it('of JSON keep their numbers, and may be written over many lines', async () => {
    assert.deepEqual(await textsOf({ json: fileOf('list.json', '[\n 9007199254740993,\n 1.0,\n {"a": [1e2,\n -0.0]}\n]\n') }), ['9007199254740993', '1.0', '{"a":[1e2,-0.0]}']);
    await assert.rejects(textsOf({ jsonl: fileOf('nan.jsonl', '{"a":1}\n{"a":NaN}\n') }), /nan\.jsonl:2: this line is not JSON/);
  });

  it('that can\'t be read are named with the reason', async () => {
    await assert.rejects(async () => textsOf({ jsonl: folder }), /is a folder/);
    await assert.rejects(async () => textsOf({ json: 'nowhere.json' }), /nowhere\.json can't be read: there is no such file \(ENOENT\)/);
  });
});

describe('a workload file', () => {
  it('gives its rows, ranges and grids as they are written', () => {
    const over = (text: string): Over => readWorkload(fileOf('w.workload.json', `\ufeff{"run": {"python": "a.py:f"}, "over": ${text}}`), 2).over;
    assert.deepEqual(over('{"rows": [9007199254740993, 1.0, {"a": 1e400}]}'), { rows: ['9007199254740993', '1.0', '{"a":1e400}'] });
    assert.deepEqual(over('{"range": [9007199254740993, 9007199254740999]}'), { range: ['9007199254740993', '9007199254740999'] });
    assert.deepEqual(over('{"grid": {"b": [1.0], "1": ["x"]}}'), { grid: [['b', ['1.0']], ['1', ['"x"']]] }, 'in the order of the file');
  });

  it('is refused where something of it would be lost', () => {
    assert.throws(() => readWorkload(fileOf('twice.workload.json', '{"run": {"python": "a.py:f"}, "over": {"rows": [1]}, "over": {"rows": [2]}}'), 2), /twice\.workload\.json: the key "over" stands twice/);
    assert.throws(() => readWorkload(fileOf('latin.workload.json', Buffer.from('{"results": "café.csv"}', 'latin1')), 2), /:1:17: the byte 0xe9 at offset 16 is no UTF-8\. Save it as UTF-8/);
  });
});

describe('a results file', () => {
  const write = (name: string, rows: (string | undefined)[], values: string[] = []): Buffer => {
    const file = new ResultsFile(join(folder, name));
    file.publish();
    rows.forEach((row, index) => file.add({ index, row, microseconds: 1, value: values[index] ?? 'null', error: undefined }));
    file.close();
    return readFileSync(join(folder, name));
  };

  it('has a column for whatever rows bring, and every line has all of them', () => {
    const rows = ['1.0', '{"a":9007199254740993,"status":"x\\n,\\"y\\""}', '[1e2,null]', undefined];
    assert.equal(write('wide.csv', rows, ['1e400', '"t"', '[1.0]', '-0']).toString(), [
      'index,row,status,value,error,us,a,row.status,1,2', '0,1.0,done,1e400,,1,,,,', '1,,done,t,,1,9007199254740993,"x\n,""y""",,', '2,,done,[1.0],,1,,,1e2,', '3,,done,-0,,1,,,,', '',
    ].join('\n'));
    const many = Array.from({ length: 30_000 }, (_, i) => (i === 29_999 ? '{"late":1}' : `{"n":"${'q"'.replace('"', '\\"').repeat(20)}"}`));
    const lines = write('many.csv', many).toString().trimEnd().split('\n');
    assert.deepEqual([lines.length, lines[0], lines.at(-1)], [30_001, 'index,n,status,value,error,us,late', '29999,,done,,,1,1']);
    assert.ok(lines.slice(1, -1).every((line) => line.endsWith(',done,,,1,')));
  });

  it('keeps the bytes of names', () => {
    assert.deepEqual(write('names.csv', ['"c\\udce9"']), Buffer.concat([Buffer.from('index,row,status,value,error,us\n0,c'), Buffer.from([0xe9]), Buffer.from(',done,,,1\n')]));
  });

  it('is no folder', () => assert.throws(() => new ResultsFile(folder), /can't be written: it is a folder/));
});
