import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { marked } from 'marked';
import { renderTree } from '../../src/cli/open';
import { codeBlock, forMarkdown, forMessage, forTerminal, jsonForTerminal, rowsForTerminal } from '../../src/core/escapes';
import { memberMarkdown } from '../../src/core/memberMarkdown';
import type { Member } from '../../src/core/members';
import { parseEvent } from '../../src/core/parse';
import { reportOf } from '../../src/core/report';
import { emptyState, reduce } from '../../src/core/state';
import { membersTold, reap, root, seen, signal, spawn, start } from './told';

/** What programs and records say is shown, and never obeyed. Markdown is made of it by the library that VS Code uses. */

const piece = fc.oneof(
  fc.constantFrom(
    '\x1b]0;title\x07', '\x1b[31m', '\x9b2J', '\r', '\n', '\r\n', '\t', '\0', '\x7f', '\u202e', '\u2028', '\\', '|', '`', '```', '~~~', '*', '_', '**', '<', '>', '&', '&lt;', '&#91;', '$(x)',
    '[x](command:evil)', '![x](https://evil.example/x.png)', '](https://evil.example)', '[x]: https://evil.example', 'https://evil.example', 'www.evil.example', 'me@evil.example', '<img src=https://evil.example>', '<https://evil.example>',
    ')', '(', '# ', '- ', '1. ', '> ', '---', '| a | b |', '  ', '/a/b.py', 'é', '😀', '\ud800', '○ fake  exit 0',
  ),
  fc.string({ maxLength: 6 }),
);
const hostile = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
// eslint-disable-next-line no-control-regex -- they are what must not be there
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

const html = (text: string): string => marked.parse(text, { gfm: true, async: false });
const plain = (text: string): string => text.replaceAll(/<[^>]*>/g, '')
  .replaceAll(/&(?:#(\d+)|(lt|gt|amp|quot));/g, (_, number?: string, name?: string) => (number ? String.fromCharCode(Number(number)) : ({ lt: '<', gt: '>', amp: '&', quot: '"' })[name ?? ''] ?? ''));
const words = (text: string): string => text.trim().replaceAll(/\s+/g, ' ');
const tagsOf = (text: string): string[] => [...new Set([...text.matchAll(/<(\w+)/g)].map(([, tag = '']) => tag))].sort();

test('a terminal is told nothing that it obeys, and each text in a row of its own', () => {
  assert.equal(forTerminal('a\x1b[1m\r\n\x9bé\u202e'), 'a\\x1b[1m\\x0d\\x0a\\x9bé\\u202e');
  assert.equal(rowsForTerminal('one\r\ntwo\x07'), 'one\n  two\\x07');
  fc.assert(fc.property(hostile, (text) => {
    assert.doesNotMatch(forTerminal(text), obeyed);
    assert.ok(!forTerminal(text).includes('\n'));
    assert.match(rowsForTerminal(text), /^[^\n]*(\n {2}[^\n]*)*$/);
    const json = jsonForTerminal(JSON.stringify({ text }));
    assert.doesNotMatch(json, obeyed);
    assert.deepEqual(JSON.parse(json), { text });
  }));
});

test('a message of the editor holds no link', () => {
  // vs/base/common/linkedText.ts
  const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
  assert.match('[x](command:evil)', link);
  fc.assert(fc.property(hostile, (text) => assert.doesNotMatch(forMessage(text), link)));
});

test('Markdown of a text is the text and nothing else, also in a table and in a block of code', () => {
  fc.assert(fc.property(hostile, (text) => {
    const shown = html(`**${forMarkdown(`a${text}b`)}**`);
    assert.deepEqual([tagsOf(shown), words(plain(shown))], [['p', 'strong'], words(forTerminal(`a${text}b`))]);
    const table = html(`| | |\n|---|---|\n| x | ${forMarkdown(text)} |\n| y | z |`);
    assert.deepEqual(tagsOf(table), ['table', 'tbody', 'td', 'th', 'thead', 'tr']);
    const cells = [...table.matchAll(/<td>([^]*?)<\/td>/g)].map(([, cell = '']) => words(plain(cell)));
    assert.deepEqual(cells, ['x', words(forTerminal(text)), 'y', 'z']);
    assert.deepEqual(tagsOf(html(`before\n\n${codeBlock(text)}`)), ['code', 'p', 'pre']);
  }), { numRuns: 2_000 });
});

const id = '7.150';
const place = fc.record({ file: hostile, line: fc.integer({ min: 1, max: 9 }), function: hostile });
/** Members of a run in which everything that a program or a record can say is hostile. */
const members = fc.record({ a: hostile, b: hostile, c: hostile, site: place, target: place, argv: fc.array(hostile, { minLength: 1, maxLength: 3 }) }).map(({ a, b, c, site, target, argv }) => membersTold(
  start(id, { argv, cwd: a, exe: b, version: c, method: a, name: b, host: c }),
  spawn(id, { name: a, method: b, target, args: c, argv, cwd: b, site }),
  seen(id, { argv, comm: a, cwd: b }),
  { e: 'error', id, t: 4_000, type: a, message: b, traceback: `${c}\n${a}` },
  signal(id, a, { via: b, site }),
  reap(id, c === '' ? 1 : c),
));

test('the tooltip of a member has no link but to the source, no picture, and a row for each fact', () => {
  fc.assert(fc.property(members, (all) => {
    for (const member of all) {
      const text = memberMarkdown(member, all);
      const shown = html(text);
      assert.deepEqual(tagsOf(shown).filter((tag) => !['a', 'code', 'p', 'pre', 'strong', 'table', 'tbody', 'td', 'th', 'thead', 'tr'].includes(tag)), [], shown);
      for (const [, target = ''] of shown.matchAll(/(?:href|src)="([^"]*)"/g)) {
        const [, argument = ''] = /^command:procession\.openLocation\?(.*)$/.exec(plain(target)) ?? assert.fail(target);
        const [{ file, line }] = JSON.parse(decodeURIComponent(argument)) as [{ file: string; line: number }];
        assert.ok([member.target, member.site, member.endedBy?.site].some((site) => site?.file === file && site.line === line), file);
      }
      const rows = (text.split('\n\n')[1] ?? '').split('\n').length - 2;
      assert.equal([...shown.matchAll(/<td>/g)].length, 2 * rows);
      assert.doesNotMatch(text.replaceAll('\t', ''), obeyed);
    }
  }), { numRuns: 500 });
});

test('the tree on a terminal has a row for each member, and nothing that is obeyed', () => {
  fc.assert(fc.property(members, hostile, (all: Member[], text) => {
    const state = emptyState();
    reduce(state, { e: 'run', id: '1.1', t: 1, run: 'r', command: [text], cwd: text, host: text });
    reduce(state, { e: 'problem', id: '1.1', t: 1, kind: text, message: text });
    const shown = renderTree({ ...reportOf(state, { garbled: 0, unknown: 0 }), members: all });
    assert.doesNotMatch(shown, obeyed);
    assert.equal(shown.split('\n').length, 1 + all.length + 1);
  }), { numRuns: 300 });
});

test('where an event holds one of a few words, no other is taken', () => {
  const t = 1_000;
  for (const [good, bad] of [
    [start(id), start(id, { runtime: '[x](https://evil.example)' as 'python' })],
    [spawn(id, { role: 'worker' }), spawn(id, { role: 'boss' as 'worker' })],
    [{ e: 'self', id, t, role: 'helper' }, { e: 'self', id, t, role: 'x' }],
    [{ e: 'thread', id, t, thread: 1, state: 'exited' }, { e: 'thread', id, t, thread: 1, state: 'x' }],
    [signal(root, 'SIGTERM', { by: 'procession' }), { ...signal(root, 'SIGTERM'), by: 'x' }],
    [seen(id, { reaper: 'init' }), { ...seen(id), reaper: 'x' }],
  ]) assert.deepEqual([parseEvent(JSON.stringify(good)), parseEvent(JSON.stringify(bad))], [good, 'garbled']);
});
