import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ancient, binaryOf } from './install.mjs';
import { after, describe, test } from 'node:test';
import type { Event } from '../../src/core/events';
import { ancestor, environmentFor, execute, makeRun, nodes, observe, probes, readEvents } from './observed';

const folder = mkdtempSync(join(tmpdir(), 'procession-node-programs-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a program into the folder and returns its path. */
function program(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const pidOf = (ref: string): string => ref.split('.')[0] ?? '';
const mine = (id: string) => (event: { id: string }): boolean => event.id === id;

const old = binaryOf(ancient);
test(`Node ${ancient}: the probe leaves everything alone`, { skip: !existsSync(old) && 'not installed' }, async () => {
  const path = program('old.js', "console.log(JSON.stringify(process.env)); require('child_process').spawnSync('true'); process.exit(3);");
  const run = makeRun();
  const env = environmentFor(run, { env: {} });
  const { stdout, stderr, code } = await execute(old, [path], { env });
  assert.deepEqual([JSON.parse(stdout), stderr, code, readEvents(run)], [env, '', 3, []]);
});

for (const node of nodes) {
  describe(`Node ${node.version}: what the probe tells`, { concurrency: 2, timeout: 120_000 }, () => {
    test('a process introduces itself and says how it ended', async () => {
      const path = program('start.js', 'console.log(process.pid, process.ppid); process.exitCode = 3;');
      const seen = await observe(node.path, ['--no-warnings', path, 'argument'], { cwd: folder });
      const [pid, ppid] = seen.outcome.stdout.trim().split(' ');
      const { id, t, exe, pgid, ...start } = seen.one('start');
      assert.match(id, /^\d+\.\d+$/);
      assert.equal(pidOf(id), pid);
      assert.ok(Math.abs(t - Date.now()) < 60_000);
      assert.ok(exe);
      assert.equal(pgid, Number(pid), 'the test gives it a group of its own');
      assert.deepEqual(start, {
        e: 'start', ppid: Number(ppid), parent: ancestor, runtime: 'node', version: node.version,
        argv: [node.path, '--no-warnings', path, 'argument'], cwd: folder,
      });
      const exit = seen.one('exit');
      assert.deepEqual([exit.id, exit.code, exit.signal, exit.via], [id, 3, null, 'return']);
      assert.ok(exit.cpu! > 0.001 && exit.cpu! < 60);
      assert.ok(exit.rss! > 10e6 && exit.rss! < 1e9);
    });

    test('children of every way of spawning, with their endings and the places of the calls', async () => {
      const path = program('ways.js', `const cp = require('child_process');
function bySpawn() { return cp.spawn('sh', ['-c', 'exit 3'], { cwd: '/' }); }
bySpawn();
cp.exec('kill -9 $$', () => {});
cp.execFile('true', ['x'], () => {});
cp.spawn('sleep', ['0.01'], { detached: true }).unref();
setTimeout(() => {}, 500);`);
      const seen = await observe(node.path, [path], { cwd: folder });
      const spawns = seen.of('spawn').sort((a, b) => a.t - b.t);
      assert.deepEqual(
        spawns.map(({ method, argv, daemon, role, cwd, site }) => ({ method, argv, daemon, role, cwd, site })),
        [
          { method: 'child_process.spawn', argv: ['sh', '-c', 'exit 3'], daemon: false, role: 'child', cwd: '/', site: { file: path, line: 2, function: 'bySpawn' } },
          { method: 'child_process.exec', argv: ['/bin/sh', '-c', 'kill -9 $$'], daemon: false, role: 'child', cwd: undefined, site: { file: path, line: 4 } },
          { method: 'child_process.execFile', argv: ['true', 'x'], daemon: false, role: 'child', cwd: undefined, site: { file: path, line: 5 } },
          { method: 'child_process.spawn', argv: ['sleep', '0.01'], daemon: true, role: 'child', cwd: undefined, site: { file: path, line: 6 } },
        ],
      );
      assert.ok(spawns.every(({ child }) => /^\d+\.\d+$/.test(child)));
      const endings = new Map(seen.of('reap').map(({ child, code, signal }) => [child, [code, signal]]));
      assert.deepEqual(spawns.map(({ child }) => endings.get(child)), [[3, null], [null, 'SIGKILL'], [0, null], [0, null]]);
    });

    test('synchronous children: the call before, the child and its ending after', async () => {
      const path = program('sync.js', `const cp = require('child_process');
cp.spawnSync('sh', ['-c', 'exit 3']);
cp.execSync('true');
cp.execFileSync('true');
cp.spawnSync('sleep', ['20'], { timeout: 20 });
cp.spawnSync('no-such-program');`);
      const seen = await observe(node.path, [path]);
      const calls = seen.of('call').map(({ method, argv, site }) => [method, argv, site?.line]);
      assert.deepEqual(calls, [
        ['child_process.spawnSync', ['sh', '-c', 'exit 3'], 2],
        ['child_process.execSync', ['/bin/sh', '-c', 'true'], 3],
        ['child_process.execFileSync', ['true'], 4],
        ['child_process.spawnSync', ['sleep', '20'], 5],
        ['child_process.spawnSync', ['no-such-program'], 6],
      ]);
      assert.deepEqual(seen.of('spawn').map(({ method, argv, site }) => [method, argv, site?.line]), calls.slice(0, 4));
      assert.deepEqual(seen.of('reap').map(({ code, signal }) => [code, signal]), [[3, null], [0, null], [0, null], [null, 'SIGTERM']]);
      assert.equal(seen.one('spawnFailed').message, 'spawn no-such-program ENOENT');
    });

    test('a call that blocks is told while it blocks', async () => {
      const path = program('blocked.js', "require('child_process').execSync('exec sleep 60');");
      const seen = await observe(node.path, [path], { during: (events) => (events.some(({ e }) => e === 'call') ? 'SIGKILL' : undefined) });
      assert.equal(seen.outcome.signal, 'SIGKILL');
      assert.deepEqual(seen.one('call').argv, ['/bin/sh', '-c', 'exec sleep 60']);
      assert.equal(seen.of('spawn').length, 0);
    });

    test('fork and cluster: named children that know their parent', async () => {
      const path = program('parent.js', `const cluster = require('cluster');
if (cluster.isPrimary && !process.argv[2]) {
  require('child_process').fork(__filename, ['child'], { execArgv: ['--no-warnings'] });
  cluster.fork();
  cluster.fork();
} else if (cluster.isWorker) process.disconnect();`);
      const seen = await observe(node.path, [path]);
      const root = seen.one('start', ({ parent }) => parent === ancestor).id;
      const spawns = seen.of('spawn');
      assert.deepEqual(spawns.map(({ method, name, role, target }) => [method, name, role, target?.file]), [
        ['child_process.fork', 'parent.js', 'child', path], ['cluster', 'worker 1', 'worker', path], ['cluster', 'worker 2', 'worker', path],
      ]);
      for (const { child } of spawns) assert.equal(seen.one('start', mine(child)).parent, root);
      const workers = seen.of('self').map(({ id, name, role, method }) => [id, name, role, method]);
      assert.deepEqual(workers.sort(), [[spawns[1]!.child, 'worker 1', 'worker', 'cluster'], [spawns[2]!.child, 'worker 2', 'worker', 'cluster']].sort());
      assert.equal(seen.of('reap').length, 3);
    });

    test('lineage through shells, cleared environments and threads', async () => {
      const path = program('lineage.js', `const { spawnSync } = require('child_process');
const { Worker } = require('worker_threads');
const [, , depth = '0'] = process.argv;
const again = (options) => spawnSync(process.execPath, [__filename, 'leaf'], options);
if (depth === '0') {
  spawnSync('sh', ['-c', '"$0" "$1" leaf; true', process.execPath, __filename]);
  again({ env: {} });
  again({ env: { NODE_OPTIONS: '--no-warnings', PYTHONPATH: '' } });
  new Worker('require("child_process").spawnSync(process.execPath, [' + JSON.stringify(__filename) + ', "leaf"])', { eval: true });
}`);
      const seen = await observe(node.path, [path]);
      const root = seen.one('start', ({ parent }) => parent === ancestor).id;
      assert.deepEqual(seen.of('start').filter(({ id }) => id !== root).map(({ parent }) => parent), [root, root, root, root]);
    });

    test('a spawn that the operating system refuses', async () => {
      const path = program('refused.js', "require('child_process').spawn('no-such-program').on('error', () => {});");
      const seen = await observe(node.path, [path]);
      const { method, message, argv, site } = seen.one('spawnFailed');
      assert.deepEqual([method, message, argv, site], ['child_process.spawn', 'spawn no-such-program ENOENT', ['no-such-program'], { file: path, line: 1 }]);
      assert.deepEqual([seen.of('spawn').length, seen.of('reap').length], [0, 0]);
    });

    test('endings are heard even when the program removes all listeners', async () => {
      const path = program('deaf.js', "const c = require('child_process').spawn('sh', ['-c', 'exit 9']); c.removeAllListeners(); process.removeAllListeners();");
      const seen = await observe(node.path, [path]);
      assert.equal(seen.one('reap').code, 9);
      assert.equal(seen.one('exit').code, 0);
    });

    test('signals with their senders', async () => {
      const path = program('signals.js', `const child = require('child_process').spawn('sleep', ['60']);
process.on('SIGUSR2', () => {});
process.kill(child.pid, 0);
process.kill(process.pid, 'SIGUSR2');
process.kill(child.pid, 'SIGCONT');
try { process.kill(99999999, 'SIGTERM'); } catch {}
child.kill('SIGINT');
setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50);`);
      const seen = await observe(node.path, [path]);
      const { child } = seen.one('spawn');
      const own = pidOf(seen.one('start').id);
      assert.deepEqual(seen.of('signal').map(({ to, signal, via, site }) => [to, signal, via, site?.line]), [
        [own, 'SIGUSR2', 'process.kill', 4],
        [pidOf(child), 'SIGCONT', 'process.kill', 5],
        [child, 'SIGINT', 'child.kill', 7],
        [own, 'SIGKILL', 'process.kill', 8],
      ]);
      assert.equal(seen.outcome.signal, 'SIGKILL');
    });

    test('process.abort', async () => {
      const path = program('abort.js', '\nprocess.abort();');
      const seen = await observe(node.path, [path]);
      const { to, signal, via, site } = seen.one('signal');
      assert.deepEqual([to, signal, via, site], [pidOf(seen.one('start').id), 'SIGABRT', 'process.abort', { file: path, line: 2 }]);
      assert.equal(seen.outcome.signal, 'SIGABRT');
      assert.doesNotMatch(seen.outcome.stderr, /probe\.cjs/);
    });

    test('an uncaught exception, and the exit that follows it', async () => {
      const path = program('error.js', `class Missing extends TypeError {}
process.on('exit', () => {});
setTimeout(() => { throw new Missing('gone'); }, 1);`);
      const seen = await observe(node.path, [path]);
      const { type, message, traceback } = seen.one('error');
      assert.deepEqual([type, message], ['TypeError', 'gone']);
      assert.match(traceback, /^TypeError: gone\n {4}at .*error\.js:3:26\)/);
      const { code, via } = seen.one('exit');
      assert.deepEqual([code, via], [1, 'exception']);
    });

    test('an unhandled rejection, a value that is no error, an error in an exit listener', async () => {
      const rejected = await observe(node.path, [program('rejected.mjs', "await null; Promise.reject(new RangeError('far'));")]);
      assert.deepEqual([rejected.one('error').type, rejected.one('error').message], ['RangeError', 'far']);
      const thrown = await observe(node.path, [program('thrown.js', "throw { reason: 'odd' };")]);
      assert.deepEqual([thrown.one('error').type, thrown.one('error').message], ['object', "{ reason: 'odd' }"]);
      const late = await observe(node.path, [program('late.js', "process.on('exit', () => { throw new Error('late'); });")]);
      assert.equal(late.one('error').message, 'late');
    });

    test('an exception that the program handles is no error, unless it ends the process for it', async () => {
      const handled = await observe(node.path, [program('handled.js', "process.on('uncaughtException', () => {}); throw new Error('h');")]);
      assert.deepEqual([handled.of('error').length, handled.one('exit').code, handled.one('exit').via], [0, 0, 'return']);
      const fatal = await observe(node.path, [program('fatal.js', "process.on('uncaughtException', () => process.exit(4)); throw new Error('f');")]);
      assert.deepEqual([fatal.one('error').message, fatal.one('exit').code, fatal.one('exit').via], ['f', 4, 'process.exit']);
    });

    test('process.exit is told with its place and its final code', async () => {
      const path = program('exits.js', "process.on('exit', () => process.exit(5));\n(function leave() { process.exit(260); })();");
      const seen = await observe(node.path, [path]);
      const { code, via, site } = seen.one('exit');
      assert.deepEqual([code, via, site?.file, site?.line], [5, 'process.exit', path, 1]);
      const plain = await observe(node.path, [program('plain.js', '\n(function leave() { process.exit(260); })();')]);
      assert.deepEqual([plain.one('exit').code, plain.one('exit').site?.line, plain.outcome.code], [4, 2, 4]);
    });

    test('the code that listeners set at the end', async () => {
      for (const listeners of [1, 2]) {
        const path = program(`listeners${listeners}.js`, `for (let n = 0; n < ${listeners}; n++) process.on('exit', () => { process.exitCode = 6 + n; });`);
        const seen = await observe(node.path, [path]);
        assert.deepEqual([seen.one('exit').code, seen.outcome.code], [5 + listeners, 5 + listeners]);
      }
      const never = await observe(node.path, [program('never.mjs', 'await new Promise(() => {});')]);
      assert.equal(never.one('exit').code, 13);
    });

    test('worker threads', async () => {
      const file = program('thread.js', "const { threadId } = require('worker_threads'); setTimeout(() => process.exit(threadId + 4), 5);");
      const path = program('threads.js', `const { Worker } = require('worker_threads');
new Worker(${JSON.stringify(file)}, { name: 'counter' }).on('exit', () => {});
const second = new Worker('setInterval(() => {}, 1000)', { eval: true });
second.once('online', () => second.terminate());`);
      const seen = await observe(node.path, [path]);
      const about = (thread: number): Extract<Event, { e: 'thread' }>[] => seen.of('thread').filter((event) => event.thread === thread);
      assert.equal(about(1).find(({ site }) => site)?.site?.line, 2);
      assert.deepEqual(about(1).flatMap(({ file: told }) => told ?? []), [file]);
      assert.deepEqual(about(1).flatMap(({ name }) => name ?? []), node.major >= 24 ? ['counter'] : about(1).flatMap(({ name }) => name ?? []));
      assert.deepEqual(about(1).flatMap(({ state, code }) => (state === 'exited' ? (code ?? []) : [])), [5]);
      assert.equal(about(2).at(-1)?.state, 'exited');
      assert.equal(about(2).at(-1)?.code, 1);
      assert.ok(about(1).every(({ id }) => id === seen.one('start').id));
    });

    test('process.execve keeps the process and its lineage', { skip: node.major < 24 && 'Node 24 on' }, async () => {
      const path = program('again.js', `if (process.env.AGAIN) process.exit(7);
process.execve(process.execPath, [process.execPath, __filename, 'b'], { AGAIN: '1' });`);
      const seen = await observe(node.path, ['--no-warnings', path]);
      assert.deepEqual([seen.one('exec').argv.at(-1), seen.one('exec').site?.line], ['b', 2]);
      assert.equal(new Set(seen.of('start').map(({ id }) => id)).size, 1);
      assert.equal(seen.of('start').length, 2);
      assert.equal(seen.one('exit').code, 7);
    });

    test('ranks from the environment', async () => {
      const path = program('rank.js', '');
      const env = { PATH: process.env.PATH, RANK: '3', LOCAL_RANK: '1', WORLD_SIZE: '8', SLURM_PROCID: '5' };
      const { rank, localRank, worldSize } = (await observe(node.path, [path], { env })).one('self');
      assert.deepEqual([rank, localRank, worldSize], [3, 1, 8]);
      const odd = await observe(node.path, [path], { env: { PATH: process.env.PATH, RANK: 'first' } });
      assert.equal(odd.of('self').length, 0);
      // One launcher within another: all three numbers are the nearest one's.
      const inner = `OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 "${node.path}" "${path}"; true`;
      const nested = await observe('sh', ['-c', inner], { env });
      assert.deepEqual(nested.of('self').map((about) => [about.rank, about.localRank, about.worldSize]), [[1, undefined, 2]]);
    });

    test('copies of the output, each at most 1 MiB', async () => {
      const path = program('talk.js', `console.log('one'); console.error('two'); process.stdout.write('x'.repeat(700_000)); process.stdout.write('y'.repeat(700_000));
process.stderr.cork(); process.stderr.write('three'); process.stderr.write(Buffer.from('four')); process.stderr.uncork();`);
      const seen = await observe(node.path, [path], { keepOutput: true });
      const { id } = seen.one('start');
      assert.equal(seen.copies.get(`${id}.stderr`), 'two\nthreefour');
      assert.equal(seen.copies.get(`${id}.stdout`)?.length, 1024 * 1024);
      assert.ok(seen.outcome.stdout.startsWith(seen.copies.get(`${id}.stdout`)!));
      assert.equal((await observe(node.path, [path])).copies.size, 0);
    });

    test('the program goes on when the run directory is gone, and children find nothing of it', async () => {
      const path = program('gone.js', `require('fs').rmSync(process.argv[2], { recursive: true });
process.on('exit', (code) => console.log('exit', code));
const { spawnSync } = require('child_process');
spawnSync('true');
console.log(spawnSync(process.execPath, ['-p', 'JSON.stringify(process.env)'], { encoding: 'utf8', env: { A: '1' } }).stdout);
process.exitCode = 3;`);
      const run = makeRun();
      const { stdout, stderr, code } = await execute(node.path, [path, run], { env: environmentFor(run, {}) });
      assert.deepEqual({ stdout, stderr, code }, { stdout: '{"A":"1"}\n\nexit 3\n', stderr: '', code: 3 });
    });

    test('a run directory that takes no writes', { skip: process.getuid?.() === 0 && 'root may write anywhere' }, async () => {
      const run = makeRun();
      rmSync(join(run, 'events'), { recursive: true });
      mkdirSync(join(run, 'events'), { mode: 0o500 });
      const { stdout, code } = await execute(node.path, ['-p', '1'], { env: environmentFor(run, {}) });
      assert.deepEqual([stdout, code, readdirSync(join(run, 'events'))], ['1\n', 0, []]);
    });

    test('without a mark the probe does nothing', async () => {
      const option = `--require ${JSON.stringify(join(probes, 'node', 'probe.cjs'))}`;
      for (const PROCESSION of [undefined, '', '2|x||/nowhere', 'nonsense']) {
        const { stdout, stderr } = await execute(node.path, ['-p', 'process.env.NODE_OPTIONS'], { env: { NODE_OPTIONS: option, PROCESSION } });
        assert.deepEqual([stdout, stderr], [`${option}\n`, '']);
      }
    });

    test('the permission model', { skip: node.major < 24 && 'Node 24 on' }, async () => {
      const path = program('permitted.js', "console.log('fine'); process.on('exit', (code) => console.log(code));");
      const silent = await observe(node.path, ['--permission', `--allow-fs-read=*`, path]);
      assert.deepEqual([silent.outcome.stdout, silent.outcome.stderr, silent.events.length], ['fine\n0\n', '', 0]);
      const heard = await observe(node.path, ['--permission', '--allow-fs-read=*', '--allow-fs-write=*', path]);
      assert.equal(heard.outcome.stderr, '');
      assert.equal(heard.one('exit').code, 0);
    });

    test('every line is one of the vocabulary, in one file per process', async () => {
      const path = program('many.js', `const { Worker } = require('worker_threads');
for (let index = 0; index < 4; index++) new Worker('const cp = require("child_process"); for (let n = 0; n < 10; n++) cp.spawn("true")', { eval: true });
for (let n = 0; n < 10; n++) require('child_process').spawn('true');`);
      const run = makeRun();
      await execute(node.path, [path], { env: environmentFor(run, {}) });
      const [file, ...others] = readdirSync(join(run, 'events'));
      assert.equal(others.length, 0);
      const events = readEvents(run);
      assert.equal(events.filter(({ e }) => e === 'spawn').length, 50);
      assert.equal(events.filter(({ e }) => e === 'reap').length, 50);
      assert.ok(events.every(({ id }) => `${id}.ndjson` === basename(file!)));
      assert.ok(readFileSync(join(run, 'events', file!), 'utf8').endsWith('\n'));
    });
  });
}
