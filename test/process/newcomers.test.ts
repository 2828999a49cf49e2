import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync, type watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { followFolder } from '../../src/debug/folder';
import { observedEnvironment } from '../../src/launch/environment';

const repository = resolve(__dirname, '../..');

const started: ChildProcess[] = [];
after(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** A run directory whose window follows new processes. */
function followedRun(t: TestContext): string {
  const run = mkdtempSync(join(tmpdir(), 'procession-test-'));
  for (const folder of ['events', 'out', 'waits']) mkdirSync(join(run, folder));
  t.after(() => rmSync(run, { recursive: true, force: true, maxRetries: 5 }));
  return run;
}

interface Started {
  pid: number;
  printed: () => string;
  ended: Promise<number | null>;
}

function start(run: string, argv: readonly string[], more: NodeJS.ProcessEnv = {}): Started {
  const env = observedEnvironment({ ...process.env, ...more }, { run, probes: join(repository, 'dist/probes'), ancestor: '1.1', keepOutput: false, chosen: true });
  const child = spawn(argv[0] ?? '', argv.slice(1), { env, stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  return { pid: child.pid ?? 0, printed: () => printed, ended: new Promise((done) => child.on('close', (code) => done(code))) };
}

async function until(what: string, look: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    if (look()) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  assert.fail(`waited in vain for ${what}`);
}

const waiting = (run: string): number[] => readdirSync(join(run, 'waits')).map((name) => Number.parseInt(name, 10));

const forks = "import os\npid = os.fork()\nif pid == 0: print('child', flush=True)\nelse: os.waitpid(pid, 0); print('parent', flush=True)";
const programs: [string, string[]][] = [['Python', ['python3', '-c', "print('first line', flush=True)"]], ['Node', [process.execPath, '-e', "console.log('first line')"]]];

for (const [language, argv] of programs) {
  test(`${language}: a new process of a followed run stands before its first line until the window lets it go`, async (t) => {
    const run = followedRun(t);
    const { pid, printed, ended } = start(run, argv);
    await until('the file of the one that waits', () => waiting(run).includes(pid));
    assert.equal(printed(), '');
    for (const name of readdirSync(join(run, 'waits'))) rmSync(join(run, 'waits', name));
    assert.equal(await ended, 0);
    assert.equal(printed(), 'first line\n');
  });

  test(`${language}: one that the window has noticed waits for it, one that nobody notices goes on by itself`, async (t) => {
    const run = followedRun(t);
    const noticed = start(run, argv);
    await until('the file of the one that waits', () => waiting(run).includes(noticed.pid));
    const [name = ''] = readdirSync(join(run, 'waits'));
    writeFileSync(join(run, 'waits', name), 'noticed', { flag: 'r+' });
    const alone = start(run, argv);
    assert.equal(await alone.ended, 0);
    assert.deepEqual([alone.printed(), noticed.printed(), waiting(run)], ['first line\n', '', [noticed.pid]]);
    rmSync(join(run, 'waits', name));
    assert.equal(await noticed.ended, 0);
    assert.equal(noticed.printed(), 'first line\n');
  });

  test(`${language}: it goes on when the window is gone, and does not wait for one that is not there`, async (t) => {
    const run = followedRun(t);
    const first = start(run, argv);
    await until('the file of the one that waits', () => waiting(run).includes(first.pid));
    rmSync(join(run, 'waits'), { recursive: true });
    assert.equal(await first.ended, 0);
    const second = start(run, argv);
    assert.equal(await second.ended, 0);
    assert.deepEqual([first.printed(), second.printed(), existsSync(join(run, 'waits'))], ['first line\n', 'first line\n', false]);
  });
}

test('Python: a forked child waits too, and so does nobody whom a debugger has brought up', async (t) => {
  const run = followedRun(t);
  const { pid, printed, ended } = start(run, ['python3', '-c', forks]);
  await until('the parent', () => waiting(run).includes(pid));
  rmSync(join(run, 'waits', readdirSync(join(run, 'waits'))[0] ?? ''));
  await until('the child', () => waiting(run).length === 1 && !waiting(run).includes(pid));
  assert.equal(printed(), '');
  rmSync(join(run, 'waits', readdirSync(join(run, 'waits'))[0] ?? ''));
  assert.equal(await ended, 0);
  assert.equal(printed(), 'child\nparent\n');
  const debugged = start(run, ['python3', '-c', 'print("pydevd")']);
  assert.equal(await debugged.ended, 0);
});

test('Node: js-debug has brought it up, or has been kept out: then it does not wait', async (t) => {
  const run = followedRun(t);
  for (const env of [{ VSCODE_INSPECTOR_OPTIONS: '{}' }, { PROCESSION_ATTACH: '1|{}' }]) {
    const { ended, printed } = start(run, [process.execPath, '-e', "console.log('first line')"], env);
    assert.equal(await ended, 0);
    assert.equal(printed(), 'first line\n');
  }
});

const watchings: [string, typeof watch][] = [
  ['notices are lost', (() => ({ on: () => undefined, close: () => undefined })) as unknown as typeof watch],
  ['the inotify watches of the user are used up', () => {
    throw Object.assign(new Error('System limit for number of file watchers reached'), { code: 'ENOSPC' });
  }],
];

for (const [what, watching] of watchings) {
  test(`a new process is noticed also where ${what}`, async (t) => {
    const run = followedRun(t);
    const seen: string[] = [];
    const stop = followFolder(join(run, 'waits'), (names) => {
      for (const name of names) {
        seen.push(name);
        rmSync(join(run, 'waits', name));
      }
    }, watching);
    t.after(stop);
    const { pid, ended } = start(run, ['python3', '-S', '-c', 'pass']);
    writeFileSync(join(run, 'waits', `${pid}.1`), '');
    await until('it to be seen', () => seen.includes(`${pid}.1`));
    assert.equal(await ended, 0);
    stop();
    writeFileSync(join(run, 'waits', '7.7'), '');
    await new Promise((done) => setTimeout(done, 600));
    assert.ok(!seen.includes('7.7'), 'nobody looks any more');
  });
}
