import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { learnStarts, parseStarts, startElsewhere } from '../../src/observe/system/starts';

test('starts of processes as ps and PowerShell print them', () => {
  const [ps, powershell] = ['  812 Tue Nov  3 09:15:07 2026\n41000 Tue Nov 10 23:59:59 2026\n', '812 2026-11-03T09:15:07.1234567Z\r\n41000 2026-11-10T23:59:59.0000000Z\r\n'];
  assert.deepEqual([...parseStarts(ps).keys()], [812, 41_000]);
  assert.equal(parseStarts(ps).get(812), new Date(2026, 10, 3, 9, 15, 7).getTime());
  assert.equal(parseStarts(powershell).get(812), Date.parse('2026-11-03T09:15:07.123Z'));
  assert.deepEqual([...parseStarts('no such process\n')], []);
});

test('what was learned of processes is told without asking once more, also that one has ended', { skip: process.platform === 'win32' }, async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  await once(child, 'spawn');
  await learnStarts([pid, process.pid]);
  const start = startElsewhere(pid);
  assert.ok(start !== undefined && Math.abs(start - Date.now()) < 10_000, `${start}`);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  assert.equal(startElsewhere(pid), start, 'for the next second');
  await learnStarts([pid]);
  assert.equal(startElsewhere(pid), undefined);
  await learnStarts([]);
});
