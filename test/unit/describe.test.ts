import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { describeRow, describeSender, describeTarget, describeThread, formatBytes, formatLoad, formatSeconds } from '../../src/core/describe';
import type { Event } from '../../src/core/events';
import type { Member } from '../../src/core/members';
import { errorSummary } from '../../src/core/summary';
import { memberTold, reap, root, seen, signal, spawn, start } from './told';

test('numbers in the unit that a person would choose', () => {
  assert.deepEqual([0, 1023, 512 * 1024, 1023.6 * 1024, 34 * 1024 ** 2, 1023.7 * 1024 ** 2, 1.24 * 1024 ** 3, 1023.99 * 1024 ** 3].map(formatBytes), ['0 KB', '1 KB', '512 KB', '1 MB', '34 MB', '1.0 GB', '1.2 GB', '1.0 TB']);
  assert.deepEqual([0, 0.004, 0.0318, 0.0999, 0.1, 1.871].map(formatLoad), ['0 %', '0.4 %', '3.2 %', '10 %', '10 %', '187 %']);
  assert.deepEqual([0, 0.85, 0.9996, 4.21, 59.94, 59.97, 119.4, 119.7, 200, 3_599.6, 7_500, 86_399, 100_000].map(formatSeconds),
    ['0 ms', '850 ms', '1.0 s', '4.2 s', '59.9 s', '1 min 0 s', '1 min 59 s', '2 min 0 s', '3 min 20 s', '1 h 0 min', '2 h 5 min', '1 d 0 h', '1 d 4 h']);
});

/** How many of a unit are a whole one of the next. */
const full: Record<string, number> = { ms: 1000, s: 60, min: 60, h: 24, KB: 1024, MB: 1024, GB: 1024 };

test('rounding never shows a whole one of the next unit, nor is it off by more than half of what is shown', () => {
  const parts = (text: string): [number, string][] => [...text.matchAll(/([\d.]+) (\w+)/g)].map(([, number = '', unit = '']) => [Number(number), unit]);
  const near = fc.tuple(fc.constantFrom(1, 60, 3_600, 86_400), fc.double({ min: 0.9, max: 1.1, noNaN: true })).map(([unit, factor]) => unit * factor);
  const seconds: Record<string, number> = { ms: 0.001, s: 1, min: 60, h: 3_600, d: 86_400 };
  fc.assert(fc.property(fc.oneof(near, fc.double({ min: 0, max: 1e6, noNaN: true })), (value) => {
    const shown = parts(formatSeconds(value));
    for (const [number, unit] of shown) assert.ok(number < (full[unit] ?? Infinity), formatSeconds(value));
    const said = shown.reduce((sum, [number, unit]) => sum + number * (seconds[unit] ?? NaN), 0);
    const [, unit = ''] = shown.at(-1) ?? [];
    const step = shown.length === 1 && unit === 's' ? 0.1 : (seconds[unit] ?? NaN);
    assert.ok(Math.abs(said - value) <= step / 2 + 1e-6, `${value} is shown as ${formatSeconds(value)}`);
  }), { numRuns: 5_000 });
  fc.assert(fc.property(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.double({ min: 0, max: 1100, noNaN: true })), ([power, value]) => {
    const bytes = value * 1024 ** power;
    for (const [number, unit] of parts(formatBytes(bytes))) assert.ok(number < (full[unit] ?? Infinity), formatBytes(bytes));
  }), { numRuns: 5_000 });
  fc.assert(fc.property(fc.double({ min: 0, max: 2, noNaN: true }), (load) => assert.doesNotMatch(formatLoad(load), /^1\d\.\d|^\d\d+\.\d/)));
});

const child = '20506.150';
const daemon = [start(child), spawn(child, { daemon: true })];
const row = (...events: Event[]): string => describeRow(memberTold(child, ...events));

test('the row of an ended member begins with its exit', () => {
  assert.equal(row(...daemon, signal(child, 'SIGKILL', {}, child), reap(child, 'SIGKILL')), '−9 SIGKILL, killed by itself · 20506 · daemon');
  assert.equal(row(...daemon, reap(child, 0)), 'exit 0 · 20506 · daemon');
  assert.equal(row(start(child), reap(child, 7)), 'exit 7 · 20506');
  assert.equal(row(start(child), { e: 'error', id: child, t: 4_000, type: 'RuntimeError', message: 'There was an error!', traceback: '' }, reap(child, 1)), 'exit 1 RuntimeError: There was an error! · 20506');
  assert.equal(row(start(child), { e: 'error', id: child, t: 4_000, type: 'KeyboardInterrupt', message: '', traceback: '' }, reap(child, 1)), 'exit 1, interrupted · 20506');
  assert.equal(row(start(child, { runtime: 'node' }), spawn(child, { daemon: true, method: 'child_process.spawn' }), signal(child, 'SIGTERM'), reap(child, 'SIGTERM')), 'SIGTERM, terminated by its parent · 20506 · detached');
  assert.equal(row(start(child), { e: 'gone', id: '1.1', t: 5_000, child }), 'exit code unknown · 20506');
  assert.equal(row(seen(child), { e: 'self', id: child, t: 2_100, rank: 3 }, reap(child, 0)), 'exit 0 · 20506 · rank 3 · seen from outside only');
});

test('also of a zombie, which its parent ought to wait for, or init', () => {
  const zombie = (code: number | null, name: string | null = null): Event[] => [...daemon, seen(child), { e: 'zombie', id: '1.1', t: 5_000, child, code, signal: name }];
  const left: Event = { e: 'rootExit', id: '1.1', t: 6_000, child: root, code: 0, signal: null };
  assert.equal(row(...zombie(3)), 'exit 3 · zombie · 20506 · daemon');
  assert.equal(row(...zombie(0), left), 'exited 0, not reaped by init · 20506 · daemon');
  assert.equal(row(...zombie(null, 'SIGSEGV'), left), '−11 SIGSEGV, segmentation fault, not reaped by init · 20506 · daemon');
});

test('the row of a living member begins with what it does', () => {
  const sample = (state: string, load?: number): Event => ({ e: 'sample', id: '1.1', t: 3_000, child, ppid: 2, state, cpu: 1, rss: 34 * 1024 ** 2, ...(load === undefined ? {} : { load }) });
  assert.equal(row(...daemon, sample('R', 0.12)), '12 % · 34 MB · 20506 · daemon');
  assert.equal(row(...daemon, sample('T')), 'stopped · 34 MB · 20506 · daemon');
  assert.equal(row(spawn(child)), 'starting · 20506');
  assert.equal(row(start(child), spawn(child), sample('S', 0), { e: 'rootExit', id: '1.1', t: 2_900, child: root, code: 0, signal: null }), 'orphan · 0 % · 34 MB · 20506');
});

test('threads, targets and senders', () => {
  const thread = { id: 1, name: 'a', file: null, code: null, startedAt: 0, endedAt: null, tid: null, site: null, creator: null, exitSite: null, ended: null };
  assert.deepEqual([describeThread({ ...thread, state: 'running' }), describeThread({ ...thread, state: 'exited' }), describeThread({ ...thread, state: 'exited', code: 1 })], ['thread', 'thread · ended', 'thread · exit 1']);
  assert.equal(describeTarget({ function: 'main', file: '/srv/server.py', line: 12 }), 'main (server.py:12)');
  assert.equal(describeTarget({ function: '', file: '/srv/server.js', line: 1 }), 'server.js');
  const site = { file: '/srv/pool.py', line: 12 };
  const sender = (endedBy: Member['endedBy']): string | undefined => describeSender({ endedBy } as Member);
  assert.deepEqual([sender({ by: 'member', signal: 'SIGTERM', via: 'os.kill', site }), sender({ by: 'member', signal: 'SIGTERM', via: 'os.kill' }), sender(null)], ['os.kill at pool.py:12', 'os.kill', undefined]);
});

/** As the probes tell of errors: type and message of the exception, or `typeof` and what `util.inspect` shows. */
const errors: [type: string, message: string, summary: string][] = [
  ['RuntimeError', 'There was an error!', 'RuntimeError: There was an error!'],
  ['AssertionError', '', 'AssertionError'],
  ['KeyError', "'x'", "KeyError: 'x'"],
  ['joblib.externals.loky.process_executor.TerminatedWorkerError', 'A worker process managed by the executor was unexpectedly terminated.\n\nThe exit codes of the workers are {SIGKILL(-9)}\nMore.', 'TerminatedWorkerError: A worker process managed by the executor was unexpectedly terminated.'],
  ['SyntaxError', 'invalid syntax (app.py, line 3)', 'SyntaxError: invalid syntax (app.py, line 3)'],
  ['ExceptionGroup', 'two went wrong (2 sub-exceptions)', 'ExceptionGroup: two went wrong (2 sub-exceptions)'],
  ['AggregateError', 'All promises were rejected', 'AggregateError: All promises were rejected'],
  ['Error', "Cannot find module './x'\nRequire stack:\n- /srv/app.js", "Error: Cannot find module './x'"],
  ['ValidationError', '\n  2 problems\n  name: missing', 'ValidationError: 2 problems'],
  ['object', "{ reason: 'odd' }", "object: { reason: 'odd' }"],
  ['object', "{\n  reason: 'odd',\n  code: 5\n}", "object: { reason: 'odd', code: 5 }"],
  ['object', "AxiosError: Request failed\n    at f (/a.js:1:1) {\n  code: 'E'\n}", 'AxiosError: Request failed'],
  ['object', "Error [ERR_X]: it broke\n    at f (/a.js:1:1) {\n  code: 'ERR_X'\n}", 'Error [ERR_X]: it broke'],
  ['object', '[E [MyError]: old style] { extra: { a: 1 } }', 'E [MyError]: old style'],
  ['object', '[Error: no stack]', 'Error: no stack'],
  ['object', "[ 'a: b', 'Error: c' ]", "object: [ 'a: b', 'Error: c' ]"],
  ['string', "'text'", "string: 'text'"],
  ['string', "'one\\n' +\n  'two'", "string: 'one\\n' +"],
  ['undefined', 'undefined', 'undefined'],
  ['null', 'null', 'null'],
];

for (const [type, message, summary] of errors) {
  test(`${type} ${JSON.stringify(message.slice(0, 40))} is told as ${summary}`, () => assert.equal(errorSummary({ type, message }), summary));
}

test('the line of an error is one line, of a bounded length', () => {
  fc.assert(fc.property(fc.constantFrom('ValueError', 'object', 'string'), fc.string({ maxLength: 400 }), fc.array(fc.string()), (type, first, more) => {
    const summary = errorSummary({ type, message: [first, ...more].join('\n') });
    assert.ok(!summary.includes('\n') && summary.length < 250);
  }));
});
