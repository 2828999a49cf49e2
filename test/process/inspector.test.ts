import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Member } from '../../src/core/members';
import { closeInspector, openInspector, sampleStacks } from '../../src/insight/inspector';
import { refOf } from '../../src/observe/system/identity';
import { originOf } from '../../src/observe/record/origin';
import { createRunDirectory, writeDescription } from '../../src/observe/record/runDirectory';
import { findNodes } from './toolchains';

/** An inspector that we have opened in a program is open no longer than it is needed. */

const onLinux = process.platform !== 'linux' && 'the port of an inspector is found on Linux';
const speaks = typeof WebSocket === 'undefined' && 'this Node has no WebSocket';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procession-inspector-')));
after(() => rmSync(folder, { recursive: true, force: true }));
const run = join(folder, 'run');
createRunDirectory(run);
writeDescription(run, { schema: 'procession.run/1', id: 'r', command: ['x'], cwd: '/', startedAt: 0, observer: null, origin: originOf(run) });

/** A program that says when it is up, and what comes of it. */
async function start(node: string, code: string): Promise<{ member: Member; said: () => string }> {
  const child = spawn(node, ['-e', `process.debugPort = 0; console.log('up'); ${code}`], { stdio: ['ignore', 'pipe', 'ignore'], env: { PATH: process.env.PATH, PROCESSION: `1|1.1||${run}` } });
  after(() => child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (data: string) => { text += data; });
  await until('it to be up', () => text.startsWith('up'));
  const pid = child.pid ?? 0;
  return { member: { id: refOf(pid), pid, name: 'program', host: null, argv: [], threads: [] } as unknown as Member, said: () => text };
}

const answers = (address: string): Promise<boolean> => fetch(`${address.replace('ws:', 'http:').replace(/\/[^/]*$/, '')}/json/list`).then(() => true, () => false);

async function until(what: string, look: () => unknown): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    if (await look()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`waited 20 s for: ${what}`);
}

for (const { path, version } of findNodes()) {
  test(`Node ${version}: an inspector is closed once it has told`, { skip: onLinux || speaks }, async () => {
    for (const code of ['setInterval(() => {}, 1000)', 'for (;;);', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)']) {
      const { member } = await start(path, code);
      const { address, opened } = await openInspector(run, member);
      assert.ok(opened);
      assert.match((await sampleStacks(address)).main.stack, /^Error/);
      await closeInspector(address);
      await until('it to be closed', async () => !await answers(address));
    }
  });

  test(`Node ${version}: an inspector that opens later than it was waited for is closed, unless it is wanted again`, { skip: onLinux || speaks, timeout: 60_000 }, async () => {
    const code = 'require("child_process").execSync("sleep 2"); setInterval(() => console.log(require("inspector").url() ? "open" : "closed"), 20)';
    const forgotten = await start(path, code);
    const wanted = await start(path, code);
    for (const { member } of [forgotten, wanted]) await assert.rejects(openInspector(run, member, 300), /opens no inspector: it is inside a synchronous child call/);
    const { address, opened } = await openInspector(run, wanted.member, 10_000);
    assert.ok(opened, 'so that it is closed by who has asked again');
    await until('the forgotten one to be closed', () => /open\n(open\n)*closed\n/.test(forgotten.said()));
    assert.ok(await answers(address));
    await closeInspector(address);
    await until('the other to be closed', () => /open\n(open\n)*closed\n/.test(wanted.said()));
  });
}
