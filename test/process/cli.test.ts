import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import type { Report } from '../../src/core/report';
import { readStart } from '../../src/observe/system/identity';

/** The command line as a user of a shell meets it. */

const cli = resolve(import.meta.dirname, '../../dist/cli.js');
const folder = mkdtempSync(join(tmpdir(), 'procession-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

function start(args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv; stdin?: Buffer } = {}): { child: ChildProcess; ended: Promise<Outcome>; out: () => string } {
  const child = spawn(process.execPath, [cli, ...args], { cwd: options.cwd ?? folder, env: options.env ?? process.env, stdio: 'pipe' });
  const read = { stdout: '', stderr: '' };
  child.stdout.setEncoding('latin1').on('data', (text: string) => { read.stdout += text; });
  child.stderr.setEncoding('utf8').on('data', (text: string) => { read.stderr += text; });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin);
  const ended = new Promise<Outcome>((done) => child.on('close', (code, signal) => done({ code, signal, ...read })));
  return { child, ended, out: () => read.stdout };
}

const procession = (args: string[], options?: Parameters<typeof start>[1]): Promise<Outcome> => start(args, options).ended;

async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (const end = Date.now() + 15_000; Date.now() < end;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`waited 15 s for: ${what}`);
}

const script = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const reportIn = (name: string): Report => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Report;
const isThere = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

test('stdin, stdout and stderr pass through byte for byte, and the exit status is the program\'s', async () => {
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256));
  const file = script('copy.py', 'import sys\ndata = sys.stdin.buffer.read()\nsys.stdout.buffer.write(data)\nsys.stderr.write("done\\n")\nsys.exit(7)\n');
  const outcome = await procession(['run', '--', 'python3', file], { stdin: bytes });
  assert.deepEqual([outcome.code, outcome.signal, outcome.stderr], [7, null, 'done\n']);
  assert.ok(Buffer.from(outcome.stdout, 'latin1').equals(bytes));
});

test('a program that a signal ended gives 128 + n, and the report has both numbers', async () => {
  const outcome = await procession(['run', '--report', 'killed.json', '--', 'python3', '-c', 'import os, signal; os.kill(os.getpid(), signal.SIGSEGV)']);
  assert.equal(outcome.code, 139);
  assert.deepEqual(reportIn('killed.json').run.exit, { code: -11, signal: 'SIGSEGV', source: 'launcher' });
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) {
  test(`${signal} is passed on once`, async () => {
    const file = script(`catch-${signal}.py`, `import signal, sys, time\ncount = 0\ndef caught(number, frame):\n    global count\n    count += 1\nsignal.signal(signal.${signal}, caught)\nprint('ready', flush=True)\nend = time.monotonic() + 20\nwhile not count and time.monotonic() < end:\n    time.sleep(0.01)\ntime.sleep(0.2)\nprint('caught', count, flush=True)\nsys.exit(5)\n`);
    const { child, ended, out } = start(['run', '--', 'python3', file]);
    await until('ready', () => out().includes('ready'));
    child.kill(signal);
    const outcome = await ended;
    assert.deepEqual([outcome.stdout, outcome.code], ['ready\ncaught 1\n', 5]);
  });
}

test('what can\'t be started is told on stderr with the shell\'s status, and the report is written', async () => {
  script('not-executable.sh', '#!/bin/sh\n');
  const cases: [string[], number, RegExp][] = [
    [['run', '--report', 'r.json', '--', 'no-such-program'], 127, /no-such-program was not found/],
    [['run', '--', './not-executable.sh'], 126, /is not executable\. Make it so \(chmod \+x\)/],
    [['run', '--poll', 'soon', '--', 'true'], 2, /--poll takes whole milliseconds/],
    [['run', '--report', '/nowhere/r.json', '--', 'true'], 2, /report \/nowhere\/r\.json can't be written \(ENOENT\)/],
    [['run', '--record', folder, '--', 'true'], 2, /is not empty\. Name a new or an empty folder/],
    [['run', '--bogus', '--', 'true'], 2, /--bogus/],
    [['run'], 2, /Name the command to run/],
    [['walk'], 2, /There is no command "walk"/],
    [['open', folder], 2, /is no run directory/],
  ];
  for (const [args, code, message] of cases) {
    const outcome = await procession(args);
    assert.deepEqual([outcome.code, outcome.stdout], [code, ''], args.join(' '));
    assert.match(outcome.stderr, message);
  }
  assert.match(reportIn('r.json').run.launchFailed ?? '', /was not found/);
  chmodSync(join(folder, 'not-executable.sh'), 0o755);
  assert.equal((await procession(['run', './not-executable.sh'])).code, 0, 'the -- may be left out');
});

test('without a probe the members are there all the same, and say that they are seen from outside only', async () => {
  const file = script('two.py', 'import subprocess, sys\nsys.exit(subprocess.run(["sleep", "0.7"]).returncode)\n');
  const outcome = await procession(['run', '--no-probe', '--poll', '20', '--report', 'outside.json', '--', process.execPath, '-e', `require('child_process').spawnSync('python3', [${JSON.stringify(file)}])`]);
  assert.equal(outcome.code, 0);
  const { members } = reportIn('outside.json');
  const sleep = members.find(({ name }) => name === 'sleep');
  assert.ok(sleep?.marks.includes('outside'), JSON.stringify(members.map(({ name, marks }) => [name, marks])));
  assert.equal(members.find(({ id }) => id === sleep?.parent)?.runtime, 'python');
});

test('the run directory is for the user alone, and is gone afterwards unless it was asked for', async () => {
  const runs = join(folder, 'runs');
  mkdirSync(runs);
  const env = { ...process.env, PROCESSION_RUNS: runs };
  const look = script('look.py', 'import os\npath = os.environ["PROCESSION_RUNS"]\n[run] = os.listdir(path)\nprint(oct(os.stat(os.path.join(path, run)).st_mode & 0o777))\n');
  assert.equal((await procession(['run', '--', 'python3', look], { env })).stdout, '0o700\n');
  assert.deepEqual(readdirSync(runs), []);
  const record = join(folder, 'record');
  await procession(['run', '--record', record, '--', 'python3', '-c', 'print("kept")']);
  assert.equal(statSync(record).mode & 0o777, 0o700);
  const copies = readdirSync(join(record, 'out')).filter((name) => name.endsWith('.stdout'));
  assert.deepEqual(copies.map((name) => readFileSync(join(record, 'out', name), 'utf8')), ['kept\n']);
  const shown = await procession(['open', record]);
  assert.match(Buffer.from(shown.stdout, 'latin1').toString('utf8'), /^python3 -c .* ended\n {2}○ python3? -c {2}exit 0 · \d+/u);
});

const crew = `import multiprocessing, sys, time
def work():
    time.sleep(60)
if __name__ == '__main__':
    people = [multiprocessing.Process(target=work, name=name) for name in ('anna', 'bert')]
    for person in people: person.start()
    print('ready', flush=True)
    late = multiprocessing.Process(target=work, name='late')
    time.sleep(1)
    late.start()
    for person in people: person.join()
    time.sleep(60)
`;

test('the command line is killed: the program goes on, and "open" shows it whole, terminates and stops it', { skip: process.platform !== 'linux' }, async () => {
  const record = join(folder, 'orphaned');
  const { child, ended, out } = start(['run', '--record', record, '--', 'python3', script('crew.py', crew)]);
  await until('ready', () => out().includes('ready'));
  child.kill('SIGKILL');
  await until('the death of the command line', () => !isThere(child.pid ?? 0));
  const report = async (...args: string[]): Promise<Report> => {
    const outcome = await procession(['open', record, '--json', ...args]);
    assert.equal(outcome.stderr, '');
    return JSON.parse(outcome.stdout) as Report;
  };
  let now = await report();
  for (let tries = 0; tries < 50 && !now.members.some(({ name }) => name === 'late'); tries++) now = await report();
  const state = Object.fromEntries(now.members.filter(({ role }) => role !== 'helper').map((member) => [member.name, member.state]));
  assert.deepEqual(state, { MainProcess: 'running', anna: 'running', bert: 'running', late: 'running' });
  const anna = now.members.find(({ name }) => name === 'anna');
  await report('--terminate', String(anna?.pid));
  await until('anna to end', () => !isThere(anna?.pid ?? 0));
  now = await report();
  assert.deepEqual(now.members.find(({ name }) => name === 'anna')?.endedBy?.by, 'procession');
  now = await report('--stop');
  assert.notEqual(now.run.endedAt, null);
  assert.deepEqual(now.members.filter(({ pid }) => isThere(pid)), []);
  await ended;
});

test('a full disk under the run directory: the program is not affected, and the report says that observation stopped', { skip: process.getuid?.() !== 0 && 'mounting a small file system takes root' }, async () => {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
  try {
    const file = script('full.py', `import multiprocessing, sys
def work(n):
    print('x' * 2000, flush=True)
    sys.exit(n % 7)
if __name__ == '__main__':
    for n in range(60):
        person = multiprocessing.Process(target=work, args=(n,))
        person.start(); person.join()
        assert person.exitcode == n % 7
    print('all done')
    sys.exit(3)
`);
    const outcome = await procession(['run', '--record', join(disk, 'run'), '--report', 'full.json', '--', 'python3', file]);
    assert.deepEqual([outcome.code, outcome.stderr, outcome.stdout.trimEnd().split('\n').at(-1)], [3, '', 'all done']);
    assert.equal(outcome.stdout.split('\n').length, 62);
    const { problems, run } = reportIn('full.json');
    assert.match(problems.messages.map(({ message }) => message).join(), /full|not complete/);
    assert.equal(run.exit?.code, 3);
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
});

test('a run directory that vanishes: the program is not affected, and the report says so', async () => {
  const record = join(folder, 'vanishing');
  const file = script('vanish.py', `import multiprocessing, shutil, sys, time
def work():
    print('still here', flush=True)
if __name__ == '__main__':
    shutil.rmtree(sys.argv[1])
    time.sleep(1.5)
    person = multiprocessing.Process(target=work)
    person.start(); person.join()
    sys.exit(4)
`);
  const outcome = await procession(['run', '--record', record, '--report', 'vanished.json', '--', 'python3', file, record]);
  assert.deepEqual([outcome.code, outcome.stdout, outcome.stderr], [4, 'still here\n', '']);
  assert.match(reportIn('vanished.json').problems.messages.map(({ message }) => message).join(), /is gone: observation has stopped/);
  assert.equal(existsSync(record), false, 'nothing is made anew');
});

const byRoot = { skip: process.getuid?.() !== 0 && 'only root can start a process as another user' };
/** What a child of another user says of itself, for as long as a look takes on a busy machine; it has no business in a folder of root's. */
const another = 'console.log(process.getuid(), process.env.PROCESSION, process.env.NODE_OPTIONS); setTimeout(() => {}, 500)';

test('what root starts as another user runs as ever, and is seen from outside', byRoot, async () => {
  const node = `const { status, stdout, stderr } = require('child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(another)}], { uid: 65534, encoding: 'utf8' });\nprocess.stdout.write(stdout); process.stderr.write(stderr); process.exitCode = status;`;
  const python = 'import os, sys; print(os.getuid(), "PROCESSION" in os.environ, "PYTHONPATH" in os.environ, [p for p in sys.path if "procession" in p]); import time; time.sleep(0.5)';
  const setpriv = ['setpriv', '--reuid', '65534', '--clear-groups'];
  for (const [command, said] of [
    [[...setpriv, process.execPath, '-e', another], '65534 undefined undefined\n'],
    [[process.execPath, '-e', node], '65534 undefined undefined\n'],
    // Not one that lies in root's home.
    ...(existsSync('/usr/bin/python3') ? [[[...setpriv, '/usr/bin/python3', '-c', python], '65534 False False []\n'] as const] : []),
  ] as const) {
    const outcome = await procession(['run', '--poll', '20', '--report', 'another.json', '--', ...command]);
    assert.deepEqual(outcome, { code: 0, signal: null, stdout: said, stderr: '' }, command.join(' '));
    const { members } = reportIn('another.json');
    assert.ok(members.at(-1)?.marks.includes('outside'), JSON.stringify(members));
  }
});

test('root\'s probes lie where all can read and only root can write, or in root\'s own cache', byRoot, async () => {
  const caches = mkdtempSync(join(folder, 'caches-'));
  const placeWith = async (name: string, mode: number, inside?: number): Promise<string> => {
    const cache = join(caches, name);
    mkdirSync(inside === undefined ? cache : join(cache, 'procession'), { recursive: true });
    if (inside !== undefined) chmodSync(join(cache, 'procession'), inside);
    chmodSync(cache, mode);
    // The shell under it keeps the variable that tells where they are.
    const umask = process.umask(0o077);
    const started = procession(['run', '--', 'sh', '-c', 'echo "$PYTHONPATH"'], { env: { ...process.env, XDG_CACHE_HOME: cache, PYTHONPATH: '' } });
    process.umask(umask);
    return (await started).stdout.split(':')[0] ?? '';
  };
  for (const parent of [folder, caches]) chmodSync(parent, 0o755);
  const good = await placeWith('good', 0o755);
  assert.ok(good.startsWith(join(caches, 'good')), good);
  for (const path of [good, join(good, 'sitecustomize.py'), join(good, '../../node/probe.cjs')]) assert.equal(statSync(path).mode & 0o777, statSync(path).isDirectory() ? 0o755 : 0o644, path);
  for (const [name, mode, inside] of [['closed', 0o700], ['writable', 0o777], ['planted', 0o755, 0o777]] as const) {
    const place = await placeWith(name, mode, inside);
    assert.ok(place !== '' && !place.startsWith(join(caches, name)), place);
  }
});

test('garbled and half-written event lines are counted, the rest is used', async () => {
  const record = join(folder, 'garbled');
  await procession(['run', '--record', record, '--', 'python3', '-c', 'pass']);
  const events = join(record, 'events');
  writeFileSync(join(events, '99.1.ndjson'), 'not json\n{"e":"start"}\n{"e":"tomorrow","id":"9.9","t":5}\n\u0000\u0001\n{"e":"exit","id":"9');
  const { stdout } = await procession(['open', record, '--json']);
  const report = JSON.parse(stdout) as Report;
  assert.deepEqual([report.problems.garbledLines, report.problems.unknownEvents, report.run.exit?.code], [4, 1, 0]);
});

test('a pid that belongs to another process now is refused', { skip: process.platform !== 'linux' }, async () => {
  const record = join(folder, 'reused');
  await procession(['run', '--record', record, '--', 'python3', '-c', 'pass']);
  // The record of a member whose pid is ours, but which started at another time.
  const id = `${process.pid}.${Number(readStart(process.pid)) - 50}`;
  writeFileSync(join(record, 'events', `${id}.ndjson`), `${JSON.stringify({ e: 'start', id, t: Date.now(), ppid: 1, runtime: 'python', argv: ['python3'] })}\n`);
  writeFileSync(join(record, 'run.json'), readFileSync(join(record, 'run.json'), 'utf8').replace(/"observer": null/, `"observer": "${process.pid}.${readStart(process.pid)}"`));
  const outcome = await procession(['open', record, '--kill', String(process.pid)]);
  assert.equal(outcome.code, 2);
  assert.match(outcome.stderr, /has ended and its pid now belongs to another process that is not part of this run/);
});

test('the kernel kills a member for want of memory: said with its evidence, and not otherwise', { skip: !existsSync('/sys/fs/cgroup/memory/memory.oom_control') && 'needs a writable control group of version 1' }, async (t) => {
  const group = '/sys/fs/cgroup/memory/procession-test';
  try {
    mkdirSync(group, { recursive: true });
    writeFileSync(join(group, 'memory.limit_in_bytes'), String(60 * 1024 * 1024));
  } catch {
    t.skip('control groups are not ours to make');
    return;
  }
  t.after(() => rmdirSync(group));
  const file = script('hungry.py', `import multiprocessing, os, sys, time
def eat():
    with open(sys.argv[1] + '/cgroup.procs', 'w') as group:
        group.write(str(os.getpid()))
    hoard = []
    while True:
        hoard.append(bytearray(1 << 20))
def idle():
    time.sleep(30)
if __name__ == '__main__':
    for target, name in ((eat, 'hungry'), (idle, 'idle')):
        multiprocessing.Process(target=target, name=name).start()
    hungry, idle = sorted(multiprocessing.active_children(), key=lambda p: p.name)
    hungry.join()
    time.sleep(1.5)
    os.system('kill -9 %d' % idle.pid)
    idle.join()
`);
  const outcome = await procession(['run', '--report', 'hungry.json', '--', 'python3', file, group]);
  assert.equal(outcome.code, 0);
  const { members } = reportIn('hungry.json');
  const by = (name: string) => members.find((member) => member.name === name)?.endedBy;
  assert.deepEqual([by('hungry')?.by, by('hungry')?.signal, by('hungry')?.via], ['kernel', 'SIGKILL', 'oom_kill of /proc/vmstat']);
  assert.equal(by('idle')?.by, 'unknown');
});
