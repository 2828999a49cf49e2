import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Report } from '../../src/core/report';
import { refOf } from '../../src/observe/system/identity';
import { originOf } from '../../src/observe/record/origin';
import { createFile, makeOwnFolder, openAfresh, openNew, openToAppend, removeFile, replaceFile } from '../../src/observe/record/ownFiles';
import { openRegular, readRegular } from '../../src/observe/record/regularFile';
import { createRunDirectory, listRuns, writeDescription } from '../../src/observe/record/runDirectory';

/** What another user of the machine, or who has made a record, can do to the person who looks at it: nothing. See docs/security.md. */

const cli = process.env.PROCESSION_CLI ?? resolve(import.meta.dirname, '../../dist/cli.js');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procession-strangers-')));
const isRoot = process.getuid?.() === 0;
const byRoot = { skip: !isRoot && 'files and processes of a second user take root' };
/** A second and a third user. Nobody need be known by these numbers. */
const [stranger, victim] = [65_533, 65_531];
const children: ChildProcess[] = [];
const limit = 60_000;

before(() => chmodSync(folder, 0o755));
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

function procession(args: string[], { uid, env = process.env, cwd = folder }: { uid?: number; env?: NodeJS.ProcessEnv; cwd?: string } = {}): Outcome {
  const { status, stdout, stderr } = spawnSync('/usr/bin/env', [process.execPath, cli, ...args], { cwd, env, encoding: 'utf8', timeout: limit, ...(uid === undefined ? {} : { uid, gid: uid }) });
  return { status, stdout, stderr };
}

/** Everything that there is below a folder, with times and contents. */
function picture(path: string): string[] {
  const found = lstatSync(path);
  const what = `${path} ${found.mode} ${found.uid} ${found.mtimeMs} ${found.size}`;
  if (found.isDirectory()) return [what, ...readdirSync(path).sort().flatMap((name) => picture(join(path, name)))];
  return [found.isFile() ? `${what} ${readFileSync(path, 'latin1')}` : what];
}

const owner = (path: string, uid: number): void => void execFileSync('chown', ['-hR', `${uid}:${uid}`, path]);

async function until(what: string, look: () => boolean): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end; await new Promise((done) => setTimeout(done, 20))) if (look()) return;
  throw new Error(`waited 15 s for: ${what}`);
}

const lives = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** A run whose command line was killed, with the pid of a member that goes on. */
async function orphaned(name: string): Promise<{ record: string; pid: number }> {
  const record = join(folder, name);
  const child = spawn(process.execPath, [cli, 'run', '--record', record, '--', 'sleep', '60'], { cwd: folder, stdio: 'ignore' });
  children.push(child);
  const described = (): { root?: string } => (existsSync(join(record, 'run.json')) ? (JSON.parse(readFileSync(join(record, 'run.json'), 'utf8')) as { root?: string }) : {});
  await until('the program', () => described().root !== undefined);
  child.kill('SIGKILL');
  await until('the end of the command line', () => !lives(child.pid ?? 0));
  return { record, pid: parseInt(described().root ?? '', 10) };
}

const bystander = (): ChildProcess => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
  children.push(child);
  return child;
};

describe('showing a record', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  test('writes nothing, and tells who lives; what acts is kept', async () => {
    const { record, pid } = await orphaned('shown');
    const was = picture(record);
    for (const args of [['open', record], ['open', record, '--json']]) {
      const { status, stdout, stderr } = procession(args);
      assert.deepEqual([status, stderr, picture(record)], [0, '', was]);
      assert.match(stdout, /running/);
    }
    assert.equal(procession(['open', record, '--stop']).status, 0);
    assert.equal(lives(pid), false);
    assert.equal((JSON.parse(procession(['open', record, '--json']).stdout) as Report).members[0]?.endedBy?.by, 'procession');
  });

  test('of another user: nothing is written, nobody is signalled, and it is said', byRoot, async () => {
    const { record, pid } = await orphaned('taken');
    owner(record, stranger);
    const was = picture(record);
    const shown = procession(['open', record]);
    assert.deepEqual([shown.status, shown.stderr], [0, '']);
    assert.match(shown.stdout, /another user/);
    for (const action of [['--stop'], ['--kill', String(pid)], ['--terminate', String(pid)]]) {
      const { status, stderr } = procession(['open', record, ...action]);
      assert.equal(status, 2);
      assert.match(stderr, /Nothing was sent\. This record is another user/);
    }
    assert.deepEqual([lives(pid), picture(record)], [true, was]);
    owner(record, 0);
    assert.equal(procession(['open', record, '--stop']).status, 0);
    assert.equal(lives(pid), false);
  });

  test('that is open to others, a copy, or does not say where it is from is not gone on with', async () => {
    const { record, pid } = await orphaned('opened');
    chmodSync(record, 0o777);
    const copy = join(folder, 'copied');
    cpSync(record, copy, { recursive: true });
    chmodSync(copy, 0o700);
    for (const path of [record, copy]) {
      const was = picture(path);
      assert.match(procession(['open', path]).stdout, /a copy/);
      assert.match(procession(['open', path, '--stop']).stderr, /Nothing was sent/);
      assert.deepEqual([lives(pid), picture(path)], [true, was]);
    }
    chmodSync(record, 0o700);
    const description = JSON.parse(readFileSync(join(record, 'run.json'), 'utf8')) as object;
    writeFileSync(join(record, 'run.json'), JSON.stringify({ ...description, origin: undefined }));
    const was = picture(record);
    procession(['observe', record]);
    assert.deepEqual(picture(record), was);
    writeFileSync(join(record, 'run.json'), JSON.stringify(description));
    assert.equal(procession(['open', record, '--stop']).status, 0);
  });

  test('that names processes of this user hits none of them', () => {
    const mine = bystander();
    const ref = refOf(mine.pid ?? 0);
    const forged = (name: string, origin: boolean): string => {
      const run = join(folder, name);
      createRunDirectory(run);
      writeDescription(run, { schema: 'procession.run/1', id: name, command: ['x'], cwd: '/', startedAt: Date.now(), observer: null, ...(origin ? { origin: originOf(run), root: ref } : {}) });
      const of = (id: string, ...events: object[]): void => writeFileSync(join(run, 'events', id), events.map((event) => `${JSON.stringify({ t: Date.now(), ...event })}\n`).join(''));
      of('launcher-9.9.ndjson', { e: 'run', id: '9.9', run: name, command: ['x'], cwd: '/', host: 'h' }, { e: 'root', id: '9.9', child: ref });
      of('observer-9.9.ndjson', { e: 'seen', id: '9.9', child: ref, ppid: 1, argv: ['x'] });
      return run;
    };
    const strays = [forged('unpacked', false), ...(isRoot ? [forged('planted', true)] : [])];
    const [, planted] = strays;
    if (planted) owner(planted, stranger);
    for (const run of strays) {
      procession(['open', run, '--stop']);
      procession(['open', run, '--kill', String(mine.pid)]);
      procession(['observe', run, '--while', '1.1']);
    }
    assert.equal(lives(mine.pid ?? 0), true);
  });
});

describe('a program under observation', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  test('that tells of processes which are not its own makes nobody a member who could be hit, or waited for', () => {
    const mine = bystander();
    const [record, program] = [join(folder, 'forging'), join(folder, 'forge.py')];
    writeFileSync(program, `
import json, os, sys, time
record, other = sys.argv[1:]
with open('/proc/self/stat') as file:
    me = '%d.%s' % (os.getpid(), file.read().rpartition(')')[2].split()[19])
t = time.time() * 1000
with open('%s/events/%s.ndjson' % (record, me), 'a') as file:
    for event in (
        {'e': 'spawn', 'child': other, 'method': 'fork', 'name': 'forged'}, {'e': 'seen', 'child': other, 'ppid': os.getpid(), 'argv': ['x']},
        {'e': 'root', 'child': other}, {'e': 'sample', 'child': other, 'ppid': os.getpid(), 'state': 'R', 'cpu': 1, 'rss': 1},
        {'e': 'signal', 'to': other, 'signal': 'SIGKILL', 'by': 'procession'},
    ):
        file.write(json.dumps(dict(event, id=me, t=t)) + '\\n')
time.sleep(1.5)
`);
    const ran = procession(['run', '--record', record, '--wait', '--', 'python3', program, record, refOf(mine.pid ?? 0)]);
    assert.deepEqual(ran, { status: 0, stdout: '', stderr: '' });
    const report = JSON.parse(procession(['open', record, '--json']).stdout) as Report;
    assert.deepEqual([report.problems.garbledLines, report.run.exit?.code, report.members.find(({ pid }) => pid === mine.pid)?.confirmed], [4, 0, false]);
    for (const action of ['--kill', '--terminate']) {
      const { status, stderr } = procession(['open', record, action, String(mine.pid)]);
      assert.equal(status, 2);
      assert.match(stderr, /was not sent: nothing shows that .* belongs to this run/);
    }
    procession(['open', record, '--stop']);
    assert.equal(lives(mine.pid ?? 0), true);
  });
});

describe('files of a record', () => {
  const place = (name: string): string => {
    const path = join(folder, name);
    mkdirSync(path, { mode: 0o700 });
    return path;
  };
  const precious = join(folder, 'precious');

  test('are written past no link, into no special file, and in no folder of others', () => {
    writeFileSync(precious, 'mine');
    const own = place('own');
    const writers: ((path: string) => unknown)[] = [openToAppend, openNew, (path) => createFile(path, 'theirs')];
    for (const [name, plant] of [
      ['link', (path: string) => symlinkSync(precious, path)],
      ['dangling', (path: string) => symlinkSync(join(folder, 'made'), path)],
      ['twin', (path: string) => linkSync(precious, path)],
      ['fifo', (path: string) => execFileSync('mkfifo', [path])],
    ] as const) {
      plant(join(own, name));
      for (const write of writers) assert.throws(() => write(join(own, name)), name);
      // What replaces a file replaces the link, not what it names.
      replaceFile(join(own, name), 'new');
      assert.equal(readFileSync(join(own, name), 'utf8'), 'new');
      rmSync(join(own, name));
      plant(join(own, name));
      openAfresh(join(own, name));
      assert.ok(lstatSync(join(own, name)).isFile());
    }
    assert.deepEqual([readFileSync(precious, 'utf8'), existsSync(join(folder, 'made')), lstatSync(precious).nlink], ['mine', false, 1]);
    assert.deepEqual(readdirSync(own).filter((name) => name.endsWith('.new')), []);
    const open = place('open to all');
    chmodSync(open, 0o777);
    const linked = join(folder, 'linked');
    symlinkSync(own, linked);
    const others = [open, linked];
    if (isRoot) {
      others.push(place('theirs'));
      chownSync(join(folder, 'theirs'), stranger, stranger);
    }
    for (const path of others) {
      for (const write of [...writers, openAfresh, removeFile, makeOwnFolder, (at: string) => replaceFile(at, '')]) assert.throws(() => write(join(path, 'x')), { code: 'EPERM' }, path);
      assert.equal(existsSync(join(path, 'x')), false);
    }
  });

  test('planted in a record that observation takes over: nothing outside of it changes', async () => {
    const { record } = await orphaned('baited');
    writeFileSync(precious, 'mine');
    const elsewhere = place('elsewhere');
    writeFileSync(join(elsewhere, '1.1.visible'), 'a lease');
    for (const name of ['run.json.new', 'live.ndjson.new', 'live.ndjson', 'owner']) symlinkSync(precious, join(record, name));
    for (const name of ['watch', 'ask']) {
      rmSync(join(record, name), { recursive: true, force: true });
      symlinkSync(elsewhere, join(record, name));
    }
    renameSync(join(record, 'events'), join(elsewhere, 'events'));
    symlinkSync(join(elsewhere, 'events'), join(record, 'events'));
    const was = picture(elsewhere);
    procession(['open', record, '--stop']);
    procession(['observe', record]);
    assert.equal(readFileSync(precious, 'utf8'), 'mine');
    assert.deepEqual(picture(elsewhere), was);
    assert.equal(readlinkSync(join(record, 'watch')), elsewhere);
  });

  test('that are FIFOs, devices, links or endless holes hang nobody', () => {
    const special = join(folder, 'special');
    procession(['run', '--record', special, '--', 'true']);
    const events = join(special, 'events');
    rmSync(join(special, 'live.ndjson'), { force: true });
    for (const path of [join(events, '5.5.ndjson'), join(special, 'live.ndjson'), join(special, 'progress.json')]) execFileSync('mkfifo', [path]);
    symlinkSync('/dev/zero', join(events, '6.6.ndjson'));
    mkdirSync(join(events, '7.7.ndjson'));
    writeFileSync(join(events, '8.8.ndjson'), '');
    truncateSync(join(events, '8.8.ndjson'), 4 * 1024 ** 4);
    if (isRoot) execFileSync('mknod', [join(events, '4.4.ndjson'), 'c', '1', '5']);
    const { status, stdout } = procession(['open', special, '--json']);
    assert.equal(status, 0);
    const { run, problems } = JSON.parse(stdout) as Report;
    assert.equal(run.exit?.code, 0);
    assert.match(JSON.stringify(problems.messages), /The rest of it is not read/);
    for (const path of [join(events, '5.5.ndjson'), join(events, '6.6.ndjson')]) assert.throws(() => openRegular(path));
    assert.throws(() => readRegular(join(events, '8.8.ndjson')), { code: 'EFBIG' });
    rmSync(join(special, 'run.json'));
    execFileSync('mkfifo', [join(special, 'run.json')]);
    assert.match(procession(['open', special]).stderr, /is no run directory/);
    assert.deepEqual(listRuns(folder).includes(special), false);
  });
});

describe('folders of others', byRoot, () => {
  const theirs = (name: string): string => {
    const path = join(folder, name);
    mkdirSync(path, { mode: 0o777 });
    chmodSync(path, 0o777);
    chownSync(path, stranger, stranger);
    return path;
  };

  test('take no record, journal or live run, whoever asks', () => {
    const path = theirs('a stranger\'s');
    const link = join(folder, 'a link to it');
    symlinkSync(path, link);
    const home = join(folder, 'home');
    mkdirSync(home);
    chownSync(home, victim, victim);
    for (const uid of [0, victim]) for (const place of [path, link]) {
      const env = { ...process.env, HOME: home, XDG_CACHE_HOME: join(home, `cache-${uid}`) };
      for (const [args, more] of [
        [['run', '--record', place, '--', 'echo', 'ran'], {}],
        [['run', '--', 'echo', 'ran'], { PROCESSION_RUNS: place }],
        [['map', '--run', place, '--range', '0:2', '--', 'echo', 'ran'], {}],
      ] as [string[], NodeJS.ProcessEnv][]) {
        const { status, stdout, stderr } = procession(args, { uid, env: { ...env, ...more } });
        assert.deepEqual([status === 0, stdout], [false, ''], stderr);
        assert.match(stderr, /belongs to another user.* Name a /);
      }
    }
    assert.deepEqual(readdirSync(path), []);
  });

  test('and those of this user that hold something stay as they are', () => {
    const full = join(folder, 'full');
    mkdirSync(full);
    chmodSync(full, 0o755);
    writeFileSync(join(full, 'something'), '');
    const { status, stderr } = procession(['run', '--record', full, '--', 'true']);
    assert.equal(status, 2);
    assert.match(stderr, /is not empty/);
    assert.equal(lstatSync(full).mode & 0o777, 0o755);
  });

  test('that have taken the name of the user\'s own are passed by, and what was made instead is found again', { skip: !existsSync('/dev/shm') && 'no /dev/shm' }, () => {
    const squatted = join('/dev/shm', `procession-${victim}`);
    if (existsSync(squatted)) rmSync(squatted, { recursive: true });
    const [runtime, temporary] = ['runtime', 'temporary'].map((name) => join(folder, name)) as [string, string];
    for (const path of [runtime, temporary]) {
      mkdirSync(path);
      chmodSync(path, 0o1777);
    }
    try {
      for (const path of [squatted, join(temporary, `procession-${victim}`)]) {
        mkdirSync(path);
        chownSync(path, stranger, stranger);
      }
      const env = { PATH: process.env.PATH, TMPDIR: temporary, HOME: folder };
      const placeOf = (more: NodeJS.ProcessEnv): string => {
        const { status, stdout, stderr } = procession(['run', '--', 'sh', '-c', 'echo "$PROCESSION"'], { uid: victim, env: { ...env, ...more } });
        assert.equal(status, 0, stderr);
        return resolve(stdout.trim().split('|').at(-1) ?? '', '..');
      };
      assert.equal(placeOf({ XDG_RUNTIME_DIR: runtime }), join(runtime, `procession-${victim}`));
      const spare = placeOf({});
      assert.match(spare, new RegExp(`^${temporary}/procession-${victim}-\\w+$`));
      assert.deepEqual([placeOf({}), lstatSync(spare).uid, lstatSync(spare).mode & 0o777], [spare, victim, 0o700]);
      assert.deepEqual(readdirSync(squatted), []);
    } finally {
      rmSync(squatted, { recursive: true, force: true });
    }
  });
});

describe('the code that enters programs', byRoot, () => {
  const home = join(folder, 'homes');
  const cacheOf = (name: string, uid = 0, mode = 0o755): string => {
    const path = join(home, name);
    mkdirSync(path, { recursive: true });
    for (const each of [home, path]) chmodSync(each, each === path ? mode : 0o755);
    chownSync(path, uid, uid);
    return path;
  };
  /** Where the probes of a run lie, as its shell is told. */
  const placeOf = (uid: number, env: NodeJS.ProcessEnv): string => {
    const { status, stdout, stderr } = procession(['run', '--', 'sh', '-c', 'echo "$PYTHONPATH"'], { uid, env: { PATH: process.env.PATH, TMPDIR: cacheOf('tmp', 0, 0o1777), ...env } });
    assert.equal(status, 0, stderr);
    return resolve(stdout.trim().split(':')[0] ?? '', '../..');
  };
  const all = (path: string): string[] => [path, ...readdirSync(path, { recursive: true }).map((name) => join(path, name.toString()))];
  const isOpen = (path: string): boolean => (lstatSync(path).mode & 0o022) !== 0;
  /** A way in that would be seen. */
  const bait = (path: string): void => {
    mkdirSync(join(path, 'python', 'boot'), { recursive: true });
    writeFileSync(join(path, 'python', 'boot', 'sitecustomize.py'), 'print("caught")');
    owner(path, stranger);
  };

  test('can be written to by nobody else, whatever the umask of who starts them', () => {
    const umask = process.umask(0);
    try {
      for (const uid of [0, victim]) {
        const cache = cacheOf(`umask-${uid}`, uid);
        const env = { PATH: process.env.PATH, TMPDIR: cache, HOME: cache, XDG_CACHE_HOME: cache, XDG_STATE_HOME: cache };
        for (const args of [['run', '--', '/usr/bin/python3', '-c', 'import subprocess'], ['run', '--', process.execPath, '-e', '0'], ['map', '--range', '0:2', '--', '/usr/bin/python3', '-c', '0']]) {
          const { status, stderr } = procession(args, { uid, env });
          assert.equal(status, 0, stderr);
        }
        writeFileSync(join(cache, 'twice.py'), 'def twice(x):\n    return 2 * x\n');
        procession(['map', '--interpreter', '/usr/bin/python3', '--python', join(cache, 'twice.py:twice'), '--range', '0:2'], { uid, env });
        const probes = join(cache, 'procession', 'probes');
        const found = all(probes);
        assert.ok(found.some((path) => path.includes('__pycache__') && path.endsWith('.bundle')), found.join('\n'));
        assert.deepEqual(found.filter(isOpen), []);
      }
    } finally {
      process.umask(umask);
    }
  });

  test('is not taken from where another user has put it, or can change it', () => {
    const own = placeOf(victim, { HOME: cacheOf('good', victim) });
    assert.ok(own.startsWith(join(home, 'good', '.cache')), own);
    const name = own.slice(own.lastIndexOf('/') + 1);
    const refusesFrom = (cache: string, env: NodeJS.ProcessEnv): void => {
      const place = placeOf(victim, { HOME: cacheOf('bare', victim), ...env });
      assert.ok(!place.startsWith(cache), place);
      assert.deepEqual(all(place).filter((path) => isOpen(path) || ![0, victim].includes(lstatSync(path).uid)), []);
    };
    const shared = cacheOf('shared', 0, 0o1777);
    mkdirSync(join(shared, 'procession', 'probes'), { recursive: true });
    bait(join(shared, 'procession', 'probes', name));
    refusesFrom(shared, { XDG_CACHE_HOME: shared });
    for (const [at, mode] of [['', 0o775], ['python/boot/sitecustomize.py', 0o666], ['node', 0o777], ['..', 0o777]] as const) {
      const cache = cacheOf(`changed ${at.replaceAll('/', ' ')}`, victim);
      placeOf(victim, { HOME: cache });
      chmodSync(join(cache, '.cache', 'procession', 'probes', name, at), mode);
      refusesFrom(cache, { HOME: cache });
    }
    const linked = cacheOf('linked', victim);
    placeOf(victim, { HOME: linked });
    const file = join(linked, '.cache', 'procession', 'probes', name, 'node', 'probe.cjs');
    rmSync(file);
    symlinkSync(join(home, 'nothing.cjs'), file);
    refusesFrom(linked, { HOME: linked });
  });

  test('is never root\'s unless it is root\'s alone', () => {
    const theirs = cacheOf('of a user', victim);
    const name = readdirSync(join(home, 'good', '.cache', 'procession', 'probes'))[0] ?? '';
    bait(join(theirs, 'procession', 'probes', name));
    bait(join(theirs, '.cache', 'procession', 'probes', name));
    const place = placeOf(0, { HOME: theirs, XDG_CACHE_HOME: theirs });
    assert.ok(!place.startsWith(theirs), place);
    assert.deepEqual(all(place).filter((path) => isOpen(path) || lstatSync(path).uid !== 0), []);
  });
});
