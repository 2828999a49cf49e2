import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ListingSampler, type ProcessRow } from '../../src/observe/system/listing';
import { parsePs, parseTime } from '../../src/observe/system/macos/ps';
import { fromPsList } from '../../src/observe/system/windows/psList';
import type { SamplerEvent } from '../../src/observe/system/sampler';

test('times of ps: macOS has hundredths, procps days and hours', () => {
  const times: [string, number][] = [
    ['0:00.03', 0.03], ['3:33.93', 213.93], ['123:45.67', 7425.67], ['00:00:10', 10], ['01:02:03', 3723], ['2-03:04:05', 183845], ['-', 0],
  ];
  for (const [text, seconds] of times) assert.ok(Math.abs(parseTime(text) - seconds) < 1e-9, text);
});

test('rows in the form of macOS', () => {
  const rows = parsePs([
    '    1     0     1 Ss     3:33.93  14256 Mon Jan  5 09:11:22 2026     /sbin/launchd',
    '  512   501   512 U+   123:45.67 204800 Tue Nov 10 23:59:59 2026     /Applications/Visual Studio Code.app/Contents/MacOS/Electron --x y',
    '  513   501   513 S+     0:00.02    912 Sat Nov 21 09:08:31 2026     -zsh',
    ' 9999   513   513 Z+     0:00.00      0 Sat Nov 21 09:08:32 2026     <defunct>',
    '',
  ].join('\n'));
  assert.equal(rows.length, 4);
  assert.deepEqual(rows[0], {
    pid: 1, ppid: 0, pgid: 1, state: 'S', cpu: 213.93, rss: 14256 * 1024, name: 'launchd', argv: ['/sbin/launchd'],
    startedAt: new Date(2026, 0, 5, 9, 11, 22).getTime(),
  });
  assert.equal(rows[1]?.state, 'D');
  assert.equal(rows[2]?.name, 'zsh');
  assert.equal(rows[3]?.state, 'Z');
});

test('rows in the form of procps, with a command of its own choosing', () => {
  const [row] = parsePs('  431   430   431 Ssl 1-00:00:10 17168 Sat Nov  1 08:53:52 2026 node: 12 34 S 0:01 5 Sat Nov 21 08:53:52 2026\n');
  assert.equal(row?.pid, 431);
  assert.equal(row.cpu, 86410);
  assert.equal(row.argv?.join(' '), 'node: 12 34 S 0:01 5 Sat Nov 21 08:53:52 2026');
});

test('lines that are no rows are left out', () => {
  assert.deepEqual(parsePs('ps: garbage\n\n  PID  PPID\n12 13\n'), []);
});

test('a row of ps-list: only what it knows', () => {
  assert.deepEqual(fromPsList({ pid: 4, ppid: 1, name: 'node.exe' }), { pid: 4, ppid: 1, name: 'node.exe' });
  assert.deepEqual(fromPsList({ pid: 4, ppid: 1, name: 'node', cmd: '[node] <defunct>' }), { pid: 4, ppid: 1, name: 'node', state: 'Z' });
  const startTime = new Date();
  assert.deepEqual(fromPsList({ pid: 4, ppid: 1, name: 'node', cmd: 'node a.js', path: '/bin/node', cpu: 3, memory: 1, startTime }), {
    pid: 4, ppid: 1, name: 'node', argv: ['node', 'a.js'], exe: '/bin/node', startedAt: startTime.getTime(),
  });
});

/** What the sampler tells when it gets these lists one after the other. */
async function told(lists: (ProcessRow[] | Error)[], root = 10): Promise<{ texts: string[]; sampler: ListingSampler }> {
  const events: SamplerEvent[] = [];
  const left = [...lists];
  const sampler = new ListingSampler(
    { root: { pid: root }, runDirectory: '/x', id: '1', now: () => 0, emit: (event) => events.push(event) },
    () => {
      const next = left.shift() ?? [];
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
  );
  while (left.length > 0) await sampler.membership();
  return { texts: events.map((event) => `${event.e} ${event.child}${event.e === 'seen' ? ` of ${event.ppid}` : ''}`), sampler };
}

const row = (pid: number, ppid: number, rest: Partial<ProcessRow> = {}): ProcessRow => ({ pid, ppid, name: 'node', ...rest });

test('the tree is found whatever the order of the rows; orphans stay members', async () => {
  const { texts, sampler } = await told([
    [row(12, 11), row(11, 10), row(10, 1), row(99, 1)],
    [row(12, 1), row(10, 1), row(99, 1)],
    [row(12, 1), row(99, 1)],
    [row(99, 1)],
  ]);
  assert.deepEqual(texts, ['seen 12 of 11', 'seen 11 of 10', 'seen 10 of 1', 'seen 12 of 1', 'gone 11', 'gone 10', 'gone 12']);
  assert.equal(sampler.live, 0);
});

test('a stale parent pid makes no child', async () => {
  const { texts } = await told([
    [row(50, 20), row(10, 1)],
    [row(50, 20), row(10, 1), row(20, 10)],
  ]);
  assert.deepEqual(texts, ['seen 10 of 1', 'seen 20 of 10']);
  const started = await told([[row(50, 10, { startedAt: 1_000 }), row(10, 1, { startedAt: 90_000 }), row(51, 10, { startedAt: 91_000 })]]);
  assert.deepEqual(started.texts, ['seen 10 of 1', 'seen 51 of 10']);
});

test('a pid with another start is another process', async () => {
  const { texts } = await told([
    [row(10, 1, { startedAt: 0 }), row(11, 10, { startedAt: 1_000 })],
    [row(10, 1, { startedAt: 1_000 }), row(11, 10, { startedAt: 60_000 })],
    [row(10, 1, { startedAt: 0 }), row(11, 77, { startedAt: 120_000 })],
  ]);
  assert.deepEqual(texts, ['seen 10 of 1', 'seen 11 of 10', 'gone 11', 'seen 11 of 10', 'gone 11']);
});

test('an orphan of a process group that a member leads is found', async () => {
  const { texts } = await told([[row(10, 1, { pgid: 10 })], [row(10, 1, { pgid: 10 }), row(30, 1, { pgid: 10 }), row(31, 1, { pgid: 31 })]]);
  assert.deepEqual(texts, ['seen 10 of 1', 'seen 30 of 1']);
});

test('a root that was never listed is not waited for; a list that fails loses nobody who lives', async () => {
  const never = await told([[row(99, 1)]]);
  assert.equal(never.sampler.live, 0);
  const failing = await told([[row(process.ppid, 1)], new Error('no list'), new Error('no list')], process.ppid);
  assert.equal(failing.sampler.live, 1);
  const dead = await told([[row(4_194_305, 1)], new Error('no list')], 4_194_305);
  assert.deepEqual(dead.texts, ['seen 4194305 of 1', 'gone 4194305']);
});
