import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { sendControl, serveControl } from '../../src/workload/run/control';

const control = resolve(import.meta.dirname, '../../src/workload/run/control.ts');
const killedRunner = 'require(process.argv[1]).serveControl(process.argv[2]).then(({ address }) => { fs.writeSync(1, address); process.kill(process.pid, "SIGKILL"); });';

/** The control socket of a run whose path is longer than a socket's address may be. */
describe('the control socket of a run with a long path', { skip: process.platform === 'win32' && 'pipes have no folder there' }, () => {
  const before = process.env.TMPDIR;
  const uid = process.getuid?.() ?? 0;
  let shared: string;
  let run: string;
  const opened: { close: () => void }[] = [];
  const serve = async (): ReturnType<typeof serveControl> => {
    const channel = await serveControl(run, () => ({ ok: true }));
    opened.push(channel);
    return channel;
  };

  beforeEach(() => {
    shared = mkdtempSync(join(tmpdir(), 'shared-'));
    chmodSync(shared, 0o1777);
    process.env.TMPDIR = shared;
    run = join(shared, 'long'.repeat(20), 'run');
    mkdirSync(run, { recursive: true });
  });
  afterEach(() => {
    for (const channel of opened.splice(0)) channel.close();
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(shared, { recursive: true, force: true });
  });

  it('lies in a folder of the user alone, whatever others have put in its place', async () => {
    const planted = join(shared, 'planted');
    mkdirSync(planted);
    chmodSync(planted, 0o777);
    for (const name of [`procession-${uid}`, `procession-${uid}-control`]) symlinkSync(planted, join(shared, name));
    const { address } = await serve();
    assert.ok(address !== null);
    assert.deepEqual(readdirSync(planted), []);
    const { mode, uid: owner } = lstatSync(dirname(address));
    assert.deepEqual([mode & 0o777, owner], [0o700, uid]);
    assert.deepEqual(await sendControl(address, { do: 'pause' }), { ok: true });
  });

  it('is done without where it can\'t be made', async () => {
    process.env.TMPDIR = join(shared, 'file');
    writeFileSync(process.env.TMPDIR, '');
    assert.equal((await serve()).address, null);
    process.env.TMPDIR = join(shared, 'deep'.repeat(20));
    mkdirSync(process.env.TMPDIR);
    assert.equal((await serve()).address, null);
  });

  it('of a runner that is gone is cleared away by the next', async () => {
    const first = await serve();
    assert.ok(first.address !== null);
    const killed = spawnSync(process.execPath, ['--import', 'tsx', '-e', killedRunner, control, run], { encoding: 'utf8' });
    const dead = killed.stdout;
    assert.deepEqual([killed.signal, dirname(dead), existsSync(dead)], ['SIGKILL', dirname(first.address), true], killed.stderr);
    run = join(dirname(run), 'another');
    mkdirSync(run);
    const second = await serve();
    assert.deepEqual([first, second].map(({ address }) => existsSync(address ?? '')), [true, true]);
    assert.ok(!existsSync(dead));
  });
});
