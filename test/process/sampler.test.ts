import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { after, describe, test } from 'node:test';
import { pidOf, presenceOf, readStart, whileThere } from '../../src/observe/system/identity';
import { LinuxSampler } from '../../src/observe/system/linux/linuxSampler';
import type { SamplerEvent } from '../../src/observe/system/sampler';

const runDirectory = `/dev/shm/procession-test-${process.pid}`;
const python = ['python3', 'python'].find((name) => spawnSync(name, ['-c', '0']).status === 0);
const skip = process.platform !== 'linux' ? 'needs /proc' : python === undefined ? 'needs Python' : false;

/** How this machine makes a pid namespace; undefined where it does not let us. */
const unshare = [[], ['--user', '--map-root-user']]
  .map((user) => ['unshare', ...user, '--fork', '--pid'])
  .find(([program = '', ...args]) => process.platform === 'linux' && spawnSync(program, [...args, '--mount-proc', 'true']).status === 0);
const send = (ref: string, signal: NodeJS.Signals): string => whileThere(ref, () => (process.kill(pidOf(ref), signal) ? 'sent' : 'denied'));

type Of<E extends SamplerEvent['e']> = Extract<SamplerEvent, { e: E }>;

/** A real program with a sampler on it. */
class Observed {
  readonly events: SamplerEvent[] = [];
  readonly sampler: LinuxSampler;
  private text = '';

  constructor(readonly root: ChildProcess) {
    const pid = root.pid ?? 0;
    root.stdout?.setEncoding('utf8').on('data', (chunk: string) => { this.text += chunk; });
    this.sampler = new LinuxSampler({
      root: { pid, start: readStart(pid) ?? '' }, runDirectory, id: `${process.pid}.1`, now: Date.now, emit: (event) => this.events.push(event),
    });
  }

  of<E extends SamplerEvent['e']>(e: E, pid?: number): Of<E>[] {
    return this.events.filter((event): event is Of<E> => event.e === e && (pid === undefined || Number.parseInt(event.child, 10) === pid));
  }

  pids(): number[] {
    return [...new Set(this.of('seen').map((event) => Number.parseInt(event.child, 10)))];
  }

  /** Looks again and again until the condition holds. */
  async until<T>(what: string, condition: () => T | undefined | false): Promise<T> {
    for (const end = Date.now() + 20_000; Date.now() < end; await wait(20)) {
      this.sampler.membership();
      this.sampler.details();
      this.sampler.numbers();
      const found = condition();
      if (found !== undefined && found !== false) return found;
    }
    throw new Error(`not within 20 s: ${what}\n${this.events.map((event) => JSON.stringify(event)).join('\n')}\n${this.text}`);
  }

  /** What the program printed as `name=value`. Two of its processes may print at once, and Python writes the line's end by itself. */
  async said(name: string): Promise<number> {
    return Number(await this.until(`the program says ${name}`, () => new RegExp(`(?<![a-z])${name}=(\\d+)`).exec(this.text)?.[1]));
  }

  end(): void {
    this.sampler.close();
    for (const ref of new Set(this.of('seen').map((event) => event.child))) send(ref, 'SIGKILL');
    this.root.stdout?.destroy();
  }
}

describe('the Linux sampler on real programs', { skip }, () => {
  const running: Observed[] = [];
  after(() => running.forEach((observed) => observed.end()));

  const start = (command: string, args: string[], env: NodeJS.ProcessEnv = process.env): Observed => {
    const observed = new Observed(spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'], env }));
    running.push(observed);
    return observed;
  };
  // The interpreter itself, not a shim that execs it.
  const interpreter = skip ? '' : spawnSync(python ?? '', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).stdout.trim();
  const run = (source: string, env?: NodeJS.ProcessEnv): Observed => start(interpreter, ['-c', `import os, signal, subprocess, sys, time\n${source}`], env);
  const marked = { ...process.env, PROCESSION: `1|${process.pid}.1||${runDirectory}` };

  test('a tree of forks and commands, with parents, command lines and their end', async () => {
    const observed = run(`
child = os.fork()
if child == 0:
    grandchild = subprocess.Popen(['sleep', '60'])
    print(f'grandchild={grandchild.pid}', flush=True)
    grandchild.wait()
    os._exit(3)
print(f'child={child}', flush=True)
os.waitpid(child, 0)
`);
    const [child, grandchild] = [await observed.said('child'), await observed.said('grandchild')];
    const sleep = await observed.until('sleep is known by its own command line', () => observed.of('seen', grandchild).find((event) => event.argv?.[0] === 'sleep'));
    assert.deepEqual(sleep.argv, ['sleep', '60']);
    assert.equal(sleep.ppid, child);
    assert.equal(sleep.cwd, process.cwd());
    assert.match(sleep.exe ?? '', /\/(sleep|coreutils|busybox)$/);
    assert.equal(sleep.child, `${grandchild}.${readStart(grandchild)}`);
    assert.ok(Math.abs((sleep.startedAt ?? 0) - sleep.t) < 20_000);
    assert.equal(observed.of('seen', child)[0]?.ppid, observed.root.pid);
    assert.equal(observed.sampler.live, 3);
    assert.equal(send(sleep.child, 'SIGTERM'), 'sent');
    await observed.until('all are gone', () => observed.of('gone', observed.root.pid).length === 1);
    assert.deepEqual(observed.of('gone').map((event) => Number.parseInt(event.child, 10)).sort(), [observed.root.pid ?? 0, child, grandchild].sort());
    assert.equal(observed.sampler.live, 0);
  });

  for (const [what, ending, expected] of [
    ['exit code 7', 'os._exit(7)', { code: 7, signal: null }],
    ['exit code 0', 'os._exit(0)', { code: 0, signal: null }],
    ['SIGKILL', 'os.kill(os.getpid(), signal.SIGKILL)', { code: null, signal: 'SIGKILL' }],
  ] as const) {
    test(`a zombie tells of ${what}, and is no live member`, async () => {
      const observed = run(`
child = os.fork()
if child == 0:
    ${ending}
print(f'child={child}', flush=True)
time.sleep(60)
`);
      const child = await observed.said('child');
      const zombie = await observed.until('the zombie is told of', () => observed.of('zombie', child)[0]);
      assert.deepEqual({ code: zombie.code, signal: zombie.signal }, expected);
      assert.equal(observed.sampler.live, 1);
      assert.equal(observed.of('gone', child).length, 0);
      observed.root.kill('SIGKILL');
      await observed.until('init or its parent reaped it', () => observed.of('gone', child).length === 1 || observed.of('gone', observed.root.pid).length === 1);
      assert.equal(observed.of('zombie', child).length, 1);
    });
  }

  test('a status that the kernel hides is not taken for success', async () => {
    const observed = run(`
import ctypes
child = os.fork()
if child == 0:
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
    os._exit(7)
print(f'child={child}', flush=True)
time.sleep(60)
`);
    const child = await observed.said('child');
    const zombie = await observed.until('the zombie is told of', () => observed.of('zombie', child)[0]);
    assert.ok(zombie.code === 7 || zombie.code === null, `code ${zombie.code}`);
    assert.equal(zombie.signal, null);
  });

  test('a process whose main thread ended while others run is no zombie', { skip: skip || !['x64', 'arm64'].includes(process.arch) }, async () => {
    const observed = run(`
import ctypes, threading
threading.Thread(target=time.sleep, args=(60,)).start()
print('ready=1', flush=True)
ctypes.CDLL(None).syscall(${process.arch === 'x64' ? 60 : 93}, 0)  # exit(2) of one thread
`);
    const pid = observed.root.pid ?? 0;
    await observed.said('ready');
    await observed.until('the main thread ended', () => / Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')));
    await observed.until('it is sampled after that', () => observed.of('sample', pid).at(-1)?.state === 'S');
    assert.equal(observed.of('zombie').length, 0);
    assert.equal(observed.sampler.live, 1);
  });

  test('a daemon that forked twice into its own session is a member, though nobody saw the process between', async () => {
    const observed = run(`
if os.fork() == 0:
    os.setsid()
    daemon = os.fork()
    if daemon == 0:
        time.sleep(60)
    print(f'daemon={daemon}', flush=True)
    os._exit(0)
os.wait()
time.sleep(60)
`, marked);
    // The first look comes when the process between is long gone.
    await once(observed.root, /daemon=(\d+)/);
    const daemon = await observed.said('daemon');
    const seen = await observed.until('the daemon is described', () => observed.of('seen', daemon).find((event) => event.argv));
    assert.notEqual(seen.ppid, observed.root.pid);
    assert.equal(seen.parent, `${process.pid}.1`);
    observed.root.kill('SIGKILL');
    await observed.until('the root is gone', () => observed.of('gone', observed.root.pid).length === 1);
    assert.equal(observed.sampler.live, 1, 'it outlives the root as a member');
    assert.equal(send(seen.child, 'SIGKILL'), 'sent');
    await observed.until('the daemon ended', () => observed.sampler.live === 0);
  });

  test('an orphan with a cleared environment is known by the process group of its ancestor', async () => {
    const observed = start('sh', ['-c', 'env -i sh -c "(sleep 60 & echo orphan=\\$!)"; exec sleep 61']);
    const orphan = await observed.said('orphan');
    await observed.until('the orphan is seen', () => observed.of('seen', orphan).length > 0);
  });

  test('a member whose parent ended is told of with its new parent', async () => {
    const observed = run(`
middle = os.fork()
if middle == 0:
    child = os.fork()
    if child == 0:
        time.sleep(60)
    print(f'child={child}', flush=True)
    time.sleep(60)
print(f'middle={middle}', flush=True)
os.waitpid(middle, 0)
time.sleep(60)
`);
    const [middle, child] = [await observed.said('middle'), await observed.said('child')];
    await observed.until('both are seen', () => observed.of('seen', child)[0]?.ppid === middle);
    process.kill(middle, 'SIGKILL');
    const { ppid, reaper } = await observed.until('the child is told of in full with another parent', () => observed.of('seen', child).find((event) => event.ppid !== middle && event.argv));
    assert.equal(reaper, ppid === 1 ? 'init' : 'subreaper');
    assert.ok(observed.of('seen', child).every((event) => (event.reaper === undefined) === (event.ppid === middle)));
  });

  test('in a pid namespace, members are told of by their inner names, and orphans with the init of their namespace', { skip: skip || unshare === undefined && 'the system lets us make no pid namespace' }, async () => {
    const [program = '', ...options] = unshare ?? [];
    const observed = start(program, [...options, '--mount-proc', 'sh', '-c', 'sh -c "sleep 60 & sleep 0.7"; sleep 61']);
    const init = await observed.until('the init is seen', () => observed.of('seen').find((event) => event.innerPid === 1));
    const orphan = await observed.until('the orphan is seen with it', () => observed.of('seen').find((event) => event.argv?.join(' ') === 'sleep 60' && event.ppid === Number.parseInt(init.child, 10)));
    assert.equal(orphan.reaper, 'init');
    assert.match(orphan.aliases?.join() ?? '', new RegExp(`^${orphan.innerPid}@\\d+\\.${orphan.child.split('.')[1]}$`));
    assert.ok(observed.of('seen', observed.root.pid).every(({ innerPid, aliases }) => innerPid === undefined && aliases === undefined));
  });

  test('an exec changes the command line, not the identity, even when the name stays', async () => {
    const observed = run(`
print('first=1', flush=True)
sys.stdin = None
while not os.path.exists(${JSON.stringify(`${runDirectory}.go`)}): time.sleep(0.01)
os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(60)', 'second'])
`);
    const pid = observed.root.pid ?? 0;
    await observed.said('first');
    await observed.until('it is young no longer', () => Date.now() - (observed.of('seen', pid)[0]?.startedAt ?? Infinity) > 1_100);
    writeFileSync(`${runDirectory}.go`, '');
    const second = await observed.until('the new image is seen', () => observed.of('seen', pid).find((event) => event.argv?.at(-1) === 'second'));
    assert.equal(second.child, observed.of('seen', pid)[0]?.child);
    spawnSync('rm', ['-f', `${runDirectory}.go`]);
  });

  test('300 children of one parent, more than a page of the children file', async () => {
    const observed = run(`
for _ in range(300):
    if os.fork() == 0:
        signal.pause()
        os._exit(0)
print('ready=1', flush=True)
signal.pause()
`);
    await observed.said('ready');
    await observed.until('all are seen', () => observed.pids().length === 301);
    assert.equal(observed.sampler.live, 301);
    process.kill(-(observed.root.pid ?? 0), 'SIGKILL');
    await observed.until('none lives', () => observed.sampler.live === 0);
    assert.equal(observed.of('gone').length + observed.of('zombie').filter((zombie) => observed.of('gone', Number.parseInt(zombie.child, 10)).length === 0).length, 301);
  });

  test('children that another thread than the main one forked', async () => {
    const observed = run(`
import threading
def work():
    child = subprocess.Popen(['sleep', '60'])
    print(f'child={child.pid}', flush=True)
    time.sleep(60)
threading.Thread(target=work, daemon=True).start()
time.sleep(60)
`, { ...process.env });
    const child = await observed.said('child');
    await observed.until('it is seen', () => observed.of('seen', child).length > 0);
    assert.equal(observed.of('seen', child)[0]?.ppid, observed.root.pid);
  });

  test('numbers: a busy process has a load near one core, CPU time and memory that grow, and an idle one says nothing', async () => {
    const observed = run(`
busy = os.fork()
if busy == 0:
    kept = bytearray(80_000_000)
    while True: pass
print(f'busy={busy}', flush=True)
time.sleep(60)
`);
    const busy = await observed.said('busy');
    const sample = await observed.until('it has used 0.5 s', () => observed.of('sample', busy).find((event) => event.cpu > 0.5));
    assert.ok((sample.load ?? 0) > 0 && (sample.load ?? 0) < 1.3, `load ${sample.load}`);
    assert.ok(sample.rss > 80_000_000);
    assert.equal(sample.threads, 1);
    const idle = observed.root.pid ?? 0;
    const settled = await observed.until('the idle one has settled', () => (observed.of('sample', idle).at(-1)?.load === 0 ? observed.of('sample', idle).length : undefined));
    const before = observed.of('sample', busy).length;
    await observed.until('ten more samples of the busy one', () => observed.of('sample', busy).length > before + 10);
    assert.equal(observed.of('sample', idle).length, settled);
    process.kill(busy, 'SIGSTOP');
    await observed.until('the stopped state is told', () => observed.of('sample', busy).at(-1)?.state === 'T');
    process.kill(busy, 'SIGKILL');
    const ended = await observed.until('the end is told', () => observed.of('zombie', busy)[0]);
    assert.equal(ended.signal, 'SIGKILL');
    observed.root.kill('SIGKILL');
  });

  test('a peak of memory that has passed before the first sample is told with the end', async () => {
    const observed = run(`
kept = bytearray(120_000_000)
del kept
print('freed=1', flush=True)
time.sleep(60)
`);
    await once(observed.root, /freed=1/);
    await observed.said('freed');
    assert.ok((observed.of('sample').at(-1)?.rss ?? 0) < 100_000_000);
    observed.root.kill('SIGKILL');
    const gone = await observed.until('it is gone', () => observed.of('gone')[0]);
    assert.ok((gone.rss ?? 0) > 120_000_000, `peak ${gone.rss}`);
  });

  test('a process that a probe told of is taken in if it belongs to the run, with the right start only', () => {
    const observed = start('sleep', ['60']);
    const mine = spawn('sleep', ['60'], { stdio: 'ignore', env: marked });
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    const [pid, other] = [mine.pid ?? 0, stranger.pid ?? 0];
    const born = Number(readStart(pid));
    for (const ref of [`${pid}.${born + 1}`, `${pid}@5.${born}`, `${other}.${readStart(other)}`, String(other)]) observed.sampler.adopt(ref);
    assert.equal(observed.sampler.live, 1, 'the root alone');
    observed.sampler.adopt(`${pid}.${born}`);
    observed.sampler.adopt(`${pid}.${born}`);
    assert.equal(observed.sampler.live, 2);
    assert.equal(observed.of('seen', pid).length, 1);
    for (const child of [mine, stranger]) child.kill('SIGKILL');
  });

  test('strangers stay outside: processes of the same user and parent that the run did not start', async () => {
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    const observed = start('sleep', ['60'], marked);
    const other = spawn('sleep', ['60'], { stdio: 'ignore', env: { ...process.env, PROCESSION: `1|1.1||${runDirectory}-other` } });
    const mine = spawn('sleep', ['60'], { stdio: 'ignore', env: marked });
    await observed.until('the marked one is seen', () => observed.of('seen', mine.pid).length > 0);
    assert.deepEqual(observed.pids().sort(), [observed.root.pid, mine.pid].sort());
    for (const child of [stranger, other, mine]) child.kill('SIGKILL');
  });

  test('a pid that was given out again makes another member, and its predecessor is gone', { skip: skip || !canChoosePids() }, async () => {
    // The program has the same pid given out twice by setting the kernel's last pid (pid_namespaces(7)).
    const observed = run(`
def child():
    pid = os.fork()
    if pid == 0:
        signal.pause()
    return pid
first = child()
print(f'first={first}', flush=True)
signal.sigwait([signal.SIGUSR1])
os.kill(first, signal.SIGKILL)
os.waitpid(first, 0)
for _ in range(200):
    open('/proc/sys/kernel/ns_last_pid', 'w').write(str(first - 1))
    again = child()
    if again == first: break
    os.kill(again, signal.SIGKILL)
    os.waitpid(again, 0)
print(f'again={again}', flush=True)
signal.pause()
`.replace('def child', 'signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\ndef child'));
    const first = await observed.said('first');
    const before = await observed.until('the first is seen', () => observed.of('seen', first)[0]);
    // An identity has ticks of 10 ms: within the same tick the two could not be told apart by any reader.
    await wait(30);
    observed.root.kill('SIGUSR1');
    assert.equal(await once(observed.root, /again=(\d+)/), String(first));
    const second = await observed.until('the second is seen', () => observed.of('seen', first).find((event) => event.child !== before.child));
    assert.equal(observed.of('gone', first)[0]?.child, before.child);
    assert.equal(observed.sampler.live, 2);
    assert.equal(presenceOf(before.child), 'reused');
    assert.equal(readStart(first), second.child.split('.')[1], 'the second was not hit');
  });

  test('with no descriptor to keep, it sees the same', () => {
    const observe = join(__dirname, '../../src/observe/system');
    const script = `(async () => {
const { LinuxSampler } = require(${JSON.stringify(join(observe, 'linux/linuxSampler.ts'))});
const { readStart } = require(${JSON.stringify(join(observe, 'identity.ts'))});
const { spawn } = require('node:child_process');
const { closeSync, openSync } = require('node:fs');
const root = spawn('sh', ['-c', 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 60 & done; wait'], { stdio: 'ignore', detached: true });
const events = [];
const sampler = new LinuxSampler({ root: { pid: root.pid, start: readStart(root.pid) }, runDirectory: '/x', id: '1.1', now: Date.now, emit: (event) => events.push(event) });
const held = [];
try { for (;;) held.push(openSync('/dev/null')); } catch {}
closeSync(held.pop()); closeSync(held.pop());
const look = () => { sampler.membership(); sampler.numbers(); };
for (const end = Date.now() + 10_000; Date.now() < end && sampler.live < 11; await new Promise((done) => setTimeout(done, 20))) look();
process.kill(-root.pid, 'SIGKILL');
const seen = sampler.live;
for (const end = Date.now() + 10_000; Date.now() < end && sampler.live > 0; await new Promise((done) => setTimeout(done, 20))) look();
console.log(JSON.stringify({ seen, left: sampler.live }));
process.exit();
})()`;
    const result = spawnSync('sh', ['-c', 'ulimit -n 60; exec "$@"', 'sh', process.execPath, '--require', 'tsx/cjs', '-e', script], { encoding: 'utf8', timeout: 60_000 });
    assert.equal(result.stdout.trim(), '{"seen":11,"left":0}', result.stderr);
  });
});

/** The first group of a pattern in what a program prints from now on. */
function once(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => reject(new Error(`the program never said ${pattern}: ${text}`)), 20_000);
    child.stdout?.on('data', (chunk: string) => {
      text += chunk;
      const found = pattern.exec(text);
      if (!found) return;
      clearTimeout(timer);
      resolve(found[1] ?? '');
    });
  });
}

function canChoosePids(): boolean {
  try {
    const file = '/proc/sys/kernel/ns_last_pid';
    writeFileSync(file, readFileSync(file, 'latin1'), { flag: 'r+' });
    return true;
  } catch {
    return false;
  }
}
