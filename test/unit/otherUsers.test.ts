import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { test } from 'node:test';
import { otherUsers, portRisk, usersIn } from '../../src/debug/otherUsers';

/** Whether a person is told that others could reach the debugger. */

test('who is logged in besides this user', async () => {
  assert.deepEqual([...usersIn('anna     tty1         2026-11-27 09:00\nbert     pts/0        2026-11-27 10:00 (10.0.0.7)\nanna     pts/1        2026-11-27 10:01\n')], ['anna', 'bert']);
  assert.deepEqual([...usersIn('')], []);
  assert.ok(!(await otherUsers()).includes(userInfo().username));
});

test('a warning is given to root, and where others are logged in; nobody else is troubled', () => {
  assert.equal(portRisk(false, []), undefined);
  assert.match(portRisk(true, []) ?? '', /as root/);
  assert.match(portRisk(false, ['anna']) ?? '', /\(anna\).*as you/);
  assert.match(portRisk(true, ['anna', 'bert', 'cleo', 'dora']) ?? '', /\(anna, bert, cleo, …\)/);
});
