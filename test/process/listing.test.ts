import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { ListingSampler } from '../../src/observe/system/listing';
import { listWithPs } from '../../src/observe/system/macos/ps';
import { listWithPsList } from '../../src/observe/system/windows/psList';
import type { SamplerEvent } from '../../src/observe/system/sampler';

const programs = { ps: listWithPs, 'ps-list': listWithPsList };

for (const [name, list] of Object.entries(programs)) {
  test(`a real tree by ${name}`, { skip: process.platform === 'win32' && name === 'ps' ? 'no ps' : false }, async () => {
    const source = 'const {spawn} = require("child_process"); spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]); while (process.cpuUsage().user < 1.3e6); setTimeout(() => {}, 60000)';
    const root = spawn(process.execPath, ['-e', source], { stdio: 'ignore' });
    const events: SamplerEvent[] = [];
    const sampler = new ListingSampler(
      { root: { pid: root.pid ?? 0 }, runDirectory: '/x', id: '1', now: Date.now, emit: (event) => events.push(event) }, list,
    );
    assert.equal(sampler.live, 1);
    const until = async (condition: () => boolean): Promise<void> => {
      for (const end = Date.now() + 60_000; Date.now() < end && !condition(); await wait(50)) await sampler.membership();
      assert.ok(condition(), events.map((event) => JSON.stringify(event)).join('\n'));
    };
    await until(() => sampler.live === 2);
    const child = events.find((event) => event.e === 'seen' && event.ppid === root.pid);
    assert.ok(child);
    if (name === 'ps') await until(() => events.some((event) => event.e === 'sample' && event.child === String(root.pid) && event.cpu >= 1 && event.rss > 10_000_000));
    process.kill(Number(child.child), 'SIGKILL');
    await until(() => events.some((event) => (event.e === 'zombie' || event.e === 'gone') && event.child === child.child));
    root.kill('SIGKILL');
    await until(() => sampler.live === 0);
  });
}
