import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readableBytes, readableLine } from '../../src/observe/record/readable';

test('bytes that are no UTF-8 stand as what they are, in text that is', () => {
  for (const [bytes, text] of [
    [[0x63, 0x61, 0x66, 0xe9], 'caf\\xe9'], [[0xff, 0xfe], '\\xff\\xfe'], [[0xc3, 0xbc], 'ü'], [[], ''],
    [[0xe2, 0x82, 0xac, 0xe2, 0x82], '€\\xe2\\x82'], [[0xed, 0xa0, 0x80], '\\xed\\xa0\\x80'], [[0xc0, 0x80], '\\xc0\\x80'], [[0xf0, 0x9f, 0x98, 0x80, 0x80], '😀\\x80'],
  ] as const) assert.equal(readableBytes(Buffer.from(bytes)), text);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 30 }), fc.string({ unit: 'grapheme' }), (bytes, text) => {
    const shown = readableBytes(Buffer.from(bytes));
    assert.ok(!shown.includes('\uFFFD') || Buffer.from(bytes).includes(Buffer.from('\uFFFD')));
    assert.equal(Buffer.from(shown).toString(), shown);
    assert.equal(readableBytes(Buffer.from(text)), text);
  }));
});

test('lone surrogates of Python\'s JSON are such bytes; pairs and escaped backslashes are text', () => {
  const parsed = (line: string): unknown => JSON.parse(readableLine(line));
  assert.equal(parsed('"caf\\udce9"'), 'caf\\xe9');
  assert.equal(parsed('"\\udcff\\udcfe"'), '\\xff\\xfe');
  assert.equal(parsed('"\\ud83d\\ude00 \\ud83d\\udc80"'), '😀 💀');
  assert.equal(parsed('"a\\\\udce9"'), 'a\\udce9');
  assert.equal(parsed('"a\\\\\\udce9"'), 'a\\\\xe9');
  assert.equal(parsed('"ü\\"\\n"'), 'ü"\n');
});
