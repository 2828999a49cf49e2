import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { parseEvent } from '../../src/core/parse';

/** The fields of every event interface, read from the source by the compiler: the types and the checks must not drift apart. */
function declared(): Map<string, Set<string>> {
  const path = join(import.meta.dirname, '../../src/core/events.ts');
  const program = ts.createProgram([path], { strict: true });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(path);
  const found = new Map<string, Set<string>>();
  ts.forEachChild(source as ts.Node, (node) => {
    if (!ts.isTypeAliasDeclaration(node) || node.name.text !== 'Event') return;
    const union = checker.getTypeAtLocation(node);
    for (const type of union.isUnion() ? union.types : []) {
      const names = type.getProperties().map((property) => property.name);
      const kind = checker.getTypeOfSymbol(type.getProperty('e') as ts.Symbol);
      if (kind.isStringLiteral()) found.set(kind.value, new Set(names.filter((name) => !['e', 't', 'id'].includes(name))));
    }
  });
  return found;
}

/** The fields that the parser checks, from the text of its table. */
function checked(): Map<string, Set<string>> {
  const text = readFileSync(join(import.meta.dirname, '../../src/core/parse.ts'), 'utf8');
  const table = text.slice(text.indexOf('const vocabulary'), text.indexOf('const checks'));
  return new Map([...table.matchAll(/^ {2}(\w+): \{([^}]*)\}/gms)].map(([, name = '', body = '']) => [
    name, new Set([...body.matchAll(/(\w+): '/g)].map(([, field = '']) => field).concat(body.includes('...ending') ? ['code', 'signal'] : [])),
  ]));
}

test('the parser checks exactly the fields that the vocabulary declares', () => {
  const types = declared();
  assert.ok(types.size >= 20);
  assert.deepEqual([...checked()].map(([name, fields]) => [name, [...fields].sort()]).sort(), [...types].map(([name, fields]) => [name, [...fields].sort()]).sort());
});

const good = { e: 'reap', id: '5.6', t: 1000, child: '7.8', code: null, signal: 'SIGTERM' };

test('a good line is read, and every way of being wrong is told', () => {
  assert.deepEqual(parseEvent(JSON.stringify(good)), good);
  assert.equal(parseEvent(JSON.stringify({ ...good, e: 'tomorrow' })), 'unknown');
  assert.equal(parseEvent(JSON.stringify({ ...good, e: 'toString' })), 'unknown');
  for (const bad of [
    '', 'null', '[]', '5', '"x"', '{', JSON.stringify(good).slice(0, -2), '\u0000', '{"e":"reap"}',
    ...[{ id: 5 }, { id: '5;6' }, { id: `5.${'9'.repeat(99)}` }, { t: 'x' }, { t: -1 }, { t: 1e99 }, { child: null }, { code: 1.5 }, { code: '0' }, { signal: 9 }].map((part) => JSON.stringify({ ...good, ...part })),
    JSON.stringify({ e: 'exec', id: '5.6', t: 1, argv: ['a', 1] }),
    JSON.stringify({ e: 'spawn', id: '5.6', t: 1, child: '7.8', method: 'fork', target: { file: 'a', line: 'b' } }),
  ]) assert.equal(parseEvent(bad), 'garbled', bad);
});
