import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import type { Member } from '../../src/core/members';
import { fits, fitsGlob, refuses } from '../../src/debug/filter';
import { fromCommand, policyOf, runtimeOf } from '../../src/debug/kinds';
import { Decoder, encode } from '../../src/debug/protocol';
import { scopedCondition, scopeIn, type Scope } from '../../src/debug/breakpoints/scopes';

const member = (name: string, more: Partial<Member> = {}): Member => ({
  id: `${name.length}.1`, pid: name.length, inner: null, confirmed: true, startedAt: 0, endedAt: null, parent: 'root', osParent: null, runtime: 'python', role: 'child', name, title: null, daemon: null, startMethod: 'fork',
  target: null, args: null, argv: [], cwd: null, exe: null, version: null, site: null, state: 'running', marks: [], exit: null, endedBy: null, outcome: null, error: null, osState: null, load: null, rss: null,
  threadCount: null, cpuSeconds: null, peakRssBytes: null, rank: null, localRank: null, worldSize: null, host: null, threads: [], ...more,
});

test('messages are found in a stream however it is cut, with any text in them', () => {
  const messages = [{ seq: 1, type: 'event', event: 'a' }, { seq: 2, type: 'event', event: 'größer ✓', body: { text: '\r\n\r\nContent-Length: 3' } }];
  const bytes = Buffer.concat(messages.map(encode));
  for (const size of [1, 2, 7, 64, bytes.length]) {
    const decoder = new Decoder();
    const found = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...decoder.push(bytes.subarray(at, at + size)));
    assert.deepEqual(found, messages, `in pieces of ${size}`);
  }
});

test('children are chosen by name, target, argv, index, depth and rank, all of which must fit', () => {
  const root = member('main', { id: 'root', parent: null, role: 'root' });
  const first = member('worker-1', { id: 'a', startedAt: 1, rank: 0, target: { function: 'Trainer.fit', file: '/x.py', line: 1 } });
  const second = member('worker-12', { id: 'b', startedAt: 2, argv: ['python', 'train.py', '--fast'] });
  const below = member('loader', { id: 'c', parent: 'b', startedAt: 3 });
  const all = [root, first, second, below];
  const chosen = (filter: Parameters<typeof fits>[0]): string[] => all.filter((one) => fits(filter, one, all)).map(({ name }) => name);
  assert.deepEqual(chosen({ name: 'worker-?' }), ['worker-1']);
  assert.deepEqual(chosen({ name: 'worker-*' }), ['worker-1', 'worker-12']);
  assert.deepEqual(chosen({ target: 'fit' }), ['worker-1']);
  assert.deepEqual(chosen({ argv: '--fast' }), ['worker-12']);
  assert.deepEqual(chosen({ index: 1, depth: 1 }), ['worker-12']);
  assert.deepEqual(chosen({ depth: 2 }), ['loader']);
  assert.deepEqual(chosen({ rank: 0, name: 'loader' }), []);
  assert.equal(fitsGlob('a.b', 'axb'), false);
});

test("the target of a Node member is its script, by the end of the path", () => {
  const forked = member('a', { runtime: 'node', target: { function: '', file: '/app/jobs/worker.js', line: 1 } });
  const spawned = member('b', { runtime: 'node', argv: ['node', '--max-old-space-size=64', '-r', 'dotenv/config', 'jobs/sub/worker.mjs', 'worker.js'] });
  const chosen = (target: string): string[] => [forked, spawned].filter((one) => fits({ target }, one, [])).map(({ name }) => name);
  assert.deepEqual(chosen('worker.js'), ['a']);
  assert.deepEqual(chosen('worker.*'), ['a', 'b']);
  assert.deepEqual(chosen('jobs/*'), ['a', 'b']);
  assert.deepEqual(chosen('sub/worker.mjs'), ['b']);
  assert.deepEqual(chosen('orker.js'), []);
});

test('helpers never get a session, and no more open than may', () => {
  const policy = policyOf({ debugChildren: 'all', maxDebugSessions: 2 });
  assert.equal(refuses(policy, member('fork server', { role: 'helper' }), [], 0), 'helper');
  assert.equal(refuses(policy, member('one'), [], 1), undefined);
  assert.match(refuses(policy, member('one'), [], 2) ?? '', /2 sessions are open/);
});

test('configurations of debugpy and js-debug keep their meaning', () => {
  assert.equal(policyOf({}).children, 'onDemand');
  assert.equal(policyOf({ subProcess: true }).children, 'all');
  assert.equal(policyOf({ autoAttachChildProcesses: false }).children, 'none');
  assert.equal(policyOf({ debugChildren: 'match', subProcess: false }).children, 'match');
  assert.equal(runtimeOf({ program: '${file}' }, '/a/b.mjs'), 'node');
  assert.equal(runtimeOf({ module: 'pytest' }), 'python');
  assert.equal(runtimeOf({ program: 'start.ts', runtimeExecutable: 'tsx' }), 'node');
  assert.equal(runtimeOf({ program: '/bin/ls' }), undefined);
  assert.deepEqual(fromCommand({ command: 'python3 -X dev -m pytest -n 4' }, 'python'), { python: 'python3', pythonArgs: ['-X', 'dev'], module: 'pytest', args: ['-n', '4'] });
  assert.deepEqual(fromCommand({ command: 'python3 -u app.py x' }, 'python'), { python: 'python3', pythonArgs: ['-u'], program: 'app.py', args: ['x'] });
  assert.deepEqual(fromCommand({ command: 'python3 -m pytest -n 4' }, 'python'), { python: 'python3', pythonArgs: [], module: 'pytest', args: ['-n', '4'] });
  assert.deepEqual(fromCommand({ command: 'python3 app.py x', args: '-n "a b" $PROCESSION_NOT_SET' }, 'python'), { python: 'python3', pythonArgs: [], program: 'app.py', args: ['x', '-n', 'a b', ''] });
  assert.deepEqual(fromCommand({ command: 'node ${workspaceFolder:api}/app.js ${file}', args: '${env:X}' }, 'node'), { runtimeExecutable: 'node', runtimeArgs: ['${workspaceFolder:api}/app.js', '${file}', '${env:X}'], args: [] });
  assert.deepEqual(fromCommand({ command: 'npm test' }, 'node'), { runtimeExecutable: 'npm', runtimeArgs: ['test'], args: [] });
});

test('a scoped condition is true in whom it means, keeps the own one, and is known again by itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'procession-scopes-'));
  try {
    const scopes: Scope[] = [{ kind: 'pid', pid: 7 }, { kind: 'names', glob: 'a "b" and (c)*' }, { kind: 'first', file: join(folder, 'a "file"') }];
    for (const language of ['python', 'node'] as const) {
      for (const scope of scopes) {
        for (const own of [undefined, 'x > 0', 'f(")") and "only in " and y']) {
          const found = scopeIn(scopedCondition(scope, own, language));
          assert.deepEqual([found?.own, found?.file], [own, scope.kind === 'first' ? scope.file : undefined], scopedCondition(scope, own, language));
        }
      }
    }
    assert.deepEqual([scopeIn('x > 0'), scopeIn(undefined)], [undefined, undefined]);
    const first: Scope = { kind: 'first', file: join(folder, 'first') };
    const run = (language: 'python' | 'node', scope: Scope): string => {
      const condition = scopedCondition(scope, '1 > 0', language);
      return language === 'python' ? execFileSync('python3', ['-c', `print(bool(${condition}))`], { encoding: 'utf8' }).trim() : execFileSync('node', ['-e', `console.log(Boolean(${condition}))`], { encoding: 'utf8' }).trim();
    };
    assert.deepEqual(['python', 'python', 'node'].map((language) => run(language as 'python', first)), ['True', 'False', 'false'], 'one is the first, of whatever language');
    const worker = scopedCondition({ kind: 'names', glob: 'worker ?' }, undefined, 'node');
    const program = `const cluster = require('cluster'); if (cluster.isPrimary) { console.log(Boolean(${worker})); cluster.fork(); } else { console.log(Boolean(${worker})); process.disconnect(); }`;
    writeFileSync(join(folder, 'some.cjs'), program);
    assert.deepEqual(execFileSync('node', [join(folder, 'some.cjs')], { encoding: 'utf8' }).trim().split('\n'), ['false', 'true']);
    assert.equal(run('node', { kind: 'names', glob: 'worker-*' }), 'false');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
