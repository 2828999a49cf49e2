import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counterOf, parseKills } from '../../src/observe/system/linux/memoryKills';

test('the counter is read from the files of both versions of control groups, and from the machine\'s', () => {
  assert.equal(parseKills('low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n'), 2);
  assert.equal(parseKills('oom_kill_disable 0\nunder_oom 0\noom_kill 5\n'), 5);
  assert.equal(parseKills('oom_kill_disable 0\nunder_oom 0\n'), undefined);
});

test('the files are found from /proc/<pid>/cgroup', () => {
  assert.deepEqual(counterOf('0::/user.slice/app.scope\n'), [{ path: '/sys/fs/cgroup/user.slice/app.scope/memory.events', evidence: 'cgroup memory.events' }]);
  assert.deepEqual(counterOf('9:name=systemd:/\n4:cpu,memory:/jobs/7\n').map(({ path }) => path), ['/sys/fs/cgroup/memory/jobs/7/memory.oom_control']);
  assert.deepEqual(counterOf('garbage'), []);
});
