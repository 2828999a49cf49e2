import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Member } from '../../src/core/members';
import { scopedCondition, scopeIn, scopeOf, type Scope } from '../../src/debug/breakpoints/scopes';
import { member } from './debugWorld';

const folder = mkdtempSync(join(tmpdir(), 'procession-scopes-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const wordsOf = (scope: Scope, language: 'python' | 'node' = 'python'): string => scopeIn(scopedCondition(scope, undefined, language))?.words ?? '';
const python = (name: string, pid: number, more: Partial<Member> = {}): Member => member(name, pid, { startMethod: 'subprocess', argv: ['python3', '-u', `${name}.py`], ...more });
const node = (script: string, pid: number, args: string[] = [], more: Partial<Member> = {}): Member => member(script, pid, { runtime: 'node', startMethod: 'fork', argv: ['node', '-r', 'x', `/app/${script}`, ...args], ...more });

test('a process is told apart by what its counterpart in the next run has as well: name, rank, arguments; else by its pid, which that run has not', () => {
  const crew = [python('main', 1, { role: 'root' }), member('worker-1', 2), member('worker-2', 3, { startMethod: 'spawn' }), python('tool', 4), python('resource tracker', 5, { role: 'helper' })];
  const words = (of: Member[]): string[] => of.map((one) => wordsOf(scopeOf(one, of), one.runtime === 'node' ? 'node' : 'python'));
  assert.deepEqual(words(crew), ['the process 1 of this run', 'worker-1', 'worker-2', 'the process 4 of this run', 'the process 5 of this run']);
  assert.deepEqual(words(crew.slice(0, 3)), ['main', 'worker-1', 'worker-2']);
  const ranks = [0, 1].map((rank) => python('train', 10 + rank, { rank }));
  assert.deepEqual(words(ranks), ['rank 0', 'rank 1']);
  const same = [node('server.js', 20, [], { role: 'root' }), node('child.js', 21, ['a']), node('child.js', 22, ['b']), node('worker 1', 23), node('twin.js', 24), node('twin.js', 25)];
  assert.deepEqual(words(same), ['server.js', 'child.js a', 'child.js b', 'worker 1', 'the process 24 of this run', 'the process 25 of this run']);
  const debugged = python('main', 30, { argv: ['python3', '/x/debugpy', '--connect', '1', 'main.py', 'a'] });
  assert.deepEqual(words([debugged, python('tool', 31)])[0], 'the process 30 of this run', "a debugger's arguments are not the program's");
});

test('the condition holds in the very process that it was made for, and in no other, in a run of its own', { timeout: 60_000 }, () => {
  const file = join(folder, 'crew.py');
  const conditions = (scopes: Scope[], language: 'python' | 'node'): string => JSON.stringify(scopes.map((scope) => scopedCondition(scope, '1 > 0', language)));
  const scopes: Scope[] = [{ kind: 'process', name: 'w', self: { name: 'worker "1"' } }, { kind: 'process', name: 'm', self: { name: 'MainProcess' } }, { kind: 'process', name: 'r', self: { name: 'MainProcess', rank: 3 } }, { kind: 'process', name: 'a', self: { name: 'MainProcess', args: ['it\'s', 'ü'] } }, { kind: 'process', name: 'x', self: { name: 'gw1' } }];
  writeFileSync(file, `
import json, multiprocessing, os, subprocess, sys
conditions = json.loads(os.environ['CONDITIONS'])
def told(who):
    print(who, *(number for number, condition in enumerate(conditions) if eval(condition)), flush=True)
def work():
    told(multiprocessing.current_process().name)
if __name__ == '__main__':
    told(os.environ.get('WHO', 'root'))
    if 'WHO' not in os.environ:
        for number in (1, 2):
            process = multiprocessing.get_context('spawn').Process(name=f'worker "{number}"', target=work)
            process.start(); process.join()
        subprocess.run([sys.executable, __file__], env={**os.environ, 'WHO': 'ranked', 'PMI_RANK': '3'})
        subprocess.run([sys.executable, __file__, "it's", 'ü'], env={**os.environ, 'WHO': 'arguments'})
        subprocess.run([sys.executable, __file__], env={**os.environ, 'WHO': 'xdist', 'PYTEST_XDIST_WORKER': 'gw1'})
`);
  const printed = execFileSync('python3', [file], { encoding: 'utf8', env: { ...process.env, CONDITIONS: conditions(scopes, 'python'), PYTHONIOENCODING: 'utf8' } });
  assert.deepEqual(printed.trim().split('\n'), ['root 1', 'worker "1" 0', 'worker "2"', 'ranked 1 2', 'arguments 1 3', 'xdist 4']);

  const script = join(folder, 'crew.js');
  const ofNode: Scope[] = [{ kind: 'process', name: 'c', self: { name: 'crew.js' } }, { kind: 'process', name: 'w', self: { name: 'worker 2' } }, { kind: 'process', name: 'a', self: { name: 'crew.js', args: ['it\'s', '"x"'] } }, { kind: 'process', name: 'r', self: { name: 'crew.js', rank: 0 } }];
  writeFileSync(script, `
const cluster = require('cluster');
const { execFileSync } = require('child_process');
const told = (who) => console.log(who, JSON.parse(process.env.CONDITIONS).flatMap((condition, number) => eval(condition) ? [number] : []).join(' '));
if (cluster.isWorker) { told('worker ' + cluster.worker.id); process.disconnect(); }
else {
  told(process.env.WHO ?? 'primary');
  if (!process.env.WHO) {
    process.stdout.write(execFileSync(process.execPath, [__filename, "it's", '"x"'], { env: { ...process.env, WHO: 'arguments' } }));
    process.stdout.write(execFileSync(process.execPath, [__filename], { env: { ...process.env, WHO: 'ranked', SLURM_PROCID: '0' } }));
    cluster.fork().on('exit', () => cluster.fork());
  }
}
`);
  const shown = execFileSync('node', [script], { encoding: 'utf8', env: { ...process.env, CONDITIONS: conditions(ofNode, 'node') } });
  assert.deepEqual(shown.trim().split('\n').map((line) => line.trim()), ['primary 0', 'arguments 0 2', 'ranked 0 3', 'worker 1', 'worker 2 1']);
});

test('a condition tells its scope again, the pid of one process too, also as earlier versions wrote it', () => {
  for (const language of ['python', 'node'] as const) {
    const found = scopeIn(scopedCondition({ kind: 'pid', pid: 7 }, 'x > 0', language));
    assert.deepEqual([found?.own, found?.pid], ['x > 0', 7]);
    const other = scopeIn(scopedCondition({ kind: 'process', name: 'worker-1', self: { name: 'worker-1', args: ['a'] } }, undefined, language));
    assert.deepEqual([other?.own, other?.words, other?.pid], [undefined, 'worker-1', undefined]);
  }
  assert.equal(scopeIn('(x) and "only in the process 12" and __import__(\'os\').getpid() == 12')?.pid, 12);
});
