import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Member } from '../../src/core/members';
import { isLeftBehind, setDebugger, setFollower, setOwner, waitsOf } from '../../src/launch/runGuard';
import { takeOrder, withdrawOrder, writeOrder } from '../../src/launch/launchSpecFile';
import { ownRef } from '../../src/launch/launcher';
import { refOf } from '../../src/observe/system/identity';
import { originOf } from '../../src/observe/record/origin';
import { readRun } from '../../src/observe/record/readRun';
import { createRunDirectory, eventsOf, readDescription, writeDescription } from '../../src/observe/record/runDirectory';

/**
 * What becomes of a run when its launcher, its observer or its window is killed. A window is stood in for by a process that
 * does nothing: what matters of it here is whether it is there.
 */

const cli = resolve(import.meta.dirname, '../../dist/cli.js');
const onLinux = { skip: process.platform !== 'linux' && 'counts in /proc', timeout: 120_000 };

const program = `
import multiprocessing, os, signal, sys, time

def wait():
    time.sleep(600)

def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wait()

if __name__ == '__main__':
    context = multiprocessing.get_context('fork')
    for target in (wait, stubborn):
        context.Process(target=target).start()
    try:
        wait()
    finally:
        os._exit(0)
`;

async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (const end = Date.now() + 40_000; Date.now() < end;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`waited 40 s for: ${what}`);
}

const statusOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return 'State: X';
  }
};
const lives = (pid: number | undefined): boolean => !/^State:\s+[ZX]/m.test(statusOf(pid ?? 0));

/** Living processes whose command line or environment holds the run directory: members, launchers, observers. */
function belonging(run: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return lives(pid) && pid !== process.pid && [readFileSync(`/proc/${pid}/environ`, 'latin1'), readFileSync(`/proc/${pid}/cmdline`, 'latin1')].some((text) => text.includes(run));
    } catch {
      return false;
    }
  });
}

const started: ChildProcess[] = [];

function start(args: string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: 'ignore', detached: true });
  started.push(child);
  return child;
}

const observe = (run: string): ChildProcess => start([cli, 'observe', run]);
const window = (): ChildProcess => start(['-e', 'setInterval(() => undefined, 1e6)']);
const idOf = ({ pid }: ChildProcess): string => refOf(pid ?? 0);

/** Kills a process in a way that it cannot see coming, and waits until it is gone. */
async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

interface Launched {
  run: string;
  launcher: ChildProcess;
}

/** Orders a run, as a window does; nobody has launched it yet. */
function ordered(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'procession-guard-'));
  const run = join(folder, 'run');
  t.after(async () => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    for (const pid of belonging(run)) process.kill(pid, 'SIGKILL');
    await until('nobody is left', () => belonging(run).length === 0);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  createRunDirectory(run);
  const file = join(folder, 'program.py');
  writeFileSync(file, program);
  writeOrder({ run, id: 'test', argv: ['python3', file], cwd: folder, env: process.env, output: 'keep', probes: resolve(import.meta.dirname, '../../dist/probes'), copies: true, about: { configuration: { stopTimeout: 0.3 } } });
  return run;
}

/** A `python3` may be a script that starts some helpers before it is Python. */
const membersOf = (run: string): Member[] => readRun(run).report.members.filter(({ role }) => role !== 'helper');
const running = (run: string): number[] => membersOf(run).filter(({ runtime }) => runtime === 'python').filter(({ state }) => state === 'running').map(({ pid }) => pid);

/** A run of three processes, all of which run. */
async function launch(run: string): Promise<Launched> {
  const launcher = start([cli, 'launch', run]);
  await until('three members', () => running(run).length === 3);
  return { run, launcher };
}

/** The events of a kind, whoever wrote them. */
function told(run: string, kind: string): { id: string; child?: string }[] {
  return readdirSync(eventsOf(run)).flatMap((name) => readFileSync(join(eventsOf(run), name), 'utf8').split('\n').filter(Boolean))
    .map((line) => JSON.parse(line) as { e: string; id: string; child?: string }).filter(({ e }) => e === kind);
}

/** Everybody is gone, and each end was told once. */
async function allOver(run: string): Promise<void> {
  await until('nobody is left', () => belonging(run).length === 0);
  assert.deepEqual(membersOf(run).map(({ state }) => state), ['exited', 'exited', 'exited']);
  const gone = told(run, 'gone').map(({ child }) => child);
  assert.deepEqual(gone, [...new Set(gone)], 'an end is told once');
  assert.equal(told(run, 'end').length, 1);
  assert.equal(readDescription(run)?.observer, null);
}

test('the launcher is killed: of two windows that see to it one observer comes, which is there to the end', onLinux, async (t) => {
  const { run, launcher } = await launch(ordered(t));
  await kill(launcher);
  const two = [observe(run), observe(run)];
  await Promise.race(two.map((one) => once(one, 'exit')));
  await until('one of them observes', () => two.filter(({ exitCode }) => exitCode === null).some((one) => readDescription(run)?.observer === idOf(one)));
  assert.equal(two.filter(({ exitCode }) => exitCode === 0).length, 1);
  for (const pid of running(run)) process.kill(pid, 'SIGKILL');
  await allOver(run);
});

test('the observer that came is killed as well, and the next one: each time another takes over', onLinux, async (t) => {
  const { run, launcher } = await launch(ordered(t));
  await kill(launcher);
  for (let times = 0; times < 3; times++) {
    const observer = observe(run);
    await until('it observes', () => readDescription(run)?.observer === idOf(observer));
    await kill(observer);
  }
  const last = observe(run);
  await until('it observes', () => readDescription(run)?.observer === idOf(last));
  for (const pid of running(run)) process.kill(pid, 'SIGKILL');
  await allOver(run);
});

test('the window that has the debugger is killed: the run ends at once, whoever observes it', onLinux, async (t) => {
  const { run, launcher } = await launch(ordered(t));
  const editor = window();
  setDebugger(run, idOf(editor));
  await kill(launcher);
  const observer = observe(run);
  await until('it observes', () => readDescription(run)?.observer === idOf(observer));
  assert.equal(running(run).length, 3, 'nobody is ended while the window is there');
  await kill(editor);
  await allOver(run);
});

test('an observer that comes when all have just ended tells so of each, also of a zombie that shows nothing any more of where it belongs', onLinux, async (t) => {
  const run = ordered(t);
  // The parent becomes a program that waits for nobody, as an init may take its time to.
  const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'] });
  started.push(parent);
  const zombie = Number(String((await once(parent.stdout, 'data'))[0]));
  const ended = start(['-e', 'setInterval(() => undefined, 1e6)']);
  const root = idOf(ended);
  const id = refOf(zombie);
  process.kill(zombie, 'SIGKILL');
  await until('it is a zombie', () => /^State:\s+Z/m.test(statusOf(zombie)));
  await kill(ended);
  writeDescription(run, { schema: 'procession.run/1', id: 'test', command: ['x'], cwd: '/', startedAt: Date.now(), observer: null, origin: originOf(run), root });
  const words = [
    { e: 'start', version: '3.11.7', exe: '/python3', cwd: '/', parent: ownRef(), ppid: process.pid, pgid: 1, runtime: 'python', argv: ['python3', 'x.py'] },
    { e: 'spawn', child: id, method: 'fork', name: 'worker' },
  ];
  writeFileSync(join(eventsOf(run), `${root}.ndjson`), words.map((word) => `${JSON.stringify({ t: Date.now(), id: root, ...word })}\n`).join(''));
  writeFileSync(join(eventsOf(run), `window-${ownRef()}.ndjson`), `${JSON.stringify({ e: 'root', t: Date.now(), id: ownRef(), child: root })}\n`);
  await once(observe(run), 'exit');
  assert.match(statusOf(zombie), /^State:\s+Z/m);
  const { report } = readRun(run);
  assert.deepEqual([report.run.endedAt === null, report.members.map(({ state }) => state)], [false, ['exited', 'exited']]);
});

test('the window and the observer are killed together: whoever looks next ends what they have left behind', onLinux, async (t) => {
  const { run, launcher } = await launch(ordered(t));
  const editor = window();
  setDebugger(run, idOf(editor));
  assert.equal(isLeftBehind(run), false);
  await Promise.all([kill(editor), kill(launcher)]);
  assert.deepEqual([isLeftBehind(run), running(run).length], [true, 3]);
  observe(run);
  await allOver(run);
});

test('onClose "stop": a window that comes back keeps the run; one that does not takes it along after 15 s, also when the launcher was killed meanwhile', onLinux, async (t) => {
  const { run, launcher } = await launch(ordered(t));
  const [before, after] = [window(), window()];
  setOwner(run, idOf(before), 0.3);
  await kill(before);
  setOwner(run, idOf(after), 0.3);
  await kill(launcher);
  const observer = observe(run);
  await until('it observes', () => readDescription(run)?.observer === idOf(observer));
  assert.equal(running(run).length, 3);
  await kill(after);
  await allOver(run);
});

test('a window that new members wait for is killed: those that wait go on, and nobody waits any more', onLinux, async (t) => {
  const { run } = await launch(ordered(t));
  const editor = window();
  const before = readdirSync(run);
  mkdirSync(waitsOf(run));
  setFollower(run, idOf(editor));
  writeFileSync(join(waitsOf(run), '1.1'), '');
  await kill(editor);
  await until('the folder is taken away, and nothing else', () => readdirSync(run).join() === before.join());
  for (const pid of running(run)) process.kill(pid, 'SIGKILL');
  await until('nobody is left', () => belonging(run).length === 0);
});

test('an order that the window has taken back is not carried out, and one that was taken can not be taken back', onLinux, async (t) => {
  const given = ordered(t);
  assert.deepEqual([withdrawOrder(given), withdrawOrder(given)], [true, false]);
  const late = start([cli, 'launch', given]);
  assert.deepEqual(await once(late, 'exit'), [2, null]);
  assert.deepEqual([told(given, 'root'), belonging(given)], [[], []]);
  const taken = ordered(t);
  takeOrder(taken);
  assert.equal(withdrawOrder(taken), false);
  assert.equal(isLeftBehind(taken), false);
  setOwner(taken, ownRef());
  assert.equal(isLeftBehind(taken), false);
});
