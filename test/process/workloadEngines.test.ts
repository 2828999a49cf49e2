import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Report } from '../../src/core/report';
import { Ground, until } from './mapping';
import { findPythons } from './toolchains';

let ground: Ground;
beforeEach(() => (ground = new Ground()));
afterEach(() => ground.close());

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const sorted = (numbers: number[]): number[] => [...numbers].sort((a, b) => a - b);

/** A Python that has a package: one named for the purpose, one of those found, or the system's own. */
function pythonWith(name: string): string | undefined {
  const candidates = [process.env.PROCESSION_TEST_PYTHON, ...findPythons().map(({ path }) => path), '/usr/bin/python3'];
  return candidates.find((path) => path !== undefined && existsSync(path) && spawnSync(path, ['-c', `import ${name}`], { timeout: 60_000 }).status === 0);
}

const dask = pythonWith('distributed');
const mpiPython = pythonWith('mpi4py');
const hasMpi = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'mpirun')));

describe('a Dask cluster as engine', { skip: dask === undefined && 'no Python here has the package distributed' }, () => {
  const work = 'import os\ncalls = []\ndef f(x):\n    calls.append(x)\n    print("hello from", x)\n    if x == 5: raise ValueError("five")\n    if x == 7: os._exit(3)\n    return [x * x, os.getpid()]\n';

  it('of this machine: results, failures, output, a task that ends its worker, resume', async () => {
    ground.write({ 'work.py': work });
    const workload = { run: { python: 'work.py:f', interpreter: dask }, over: { range: [0, 60] }, workers: 2, engine: { kind: 'dask', address: 'local' } };
    const { status, results, err } = await ground.workload(workload);
    assert.equal(status, 2, err);
    assert.deepEqual(sorted(results.map(({ index }) => index)), range(60));
    const errors = results.filter(({ error }) => error).sort((a, b) => a.index - b.index);
    assert.deepEqual(errors.map(({ index, error }) => [index, error?.type]), [[5, 'ValueError'], [7, 'KilledWorker']]);
    assert.ok(results.every(({ index, value }) => !Array.isArray(value) || value[0] === index * index));
    const { cluster } = ground.progress() ?? {};
    assert.ok(cluster && cluster.length >= 2, 'the workers of the cluster are known');
    await until('no worker is left', () => ground.left().length === 0);
    const again = await ground.workload(workload, '--resume');
    assert.equal(again.results.length, 60);
    assert.equal(ground.tasks().length, 60, 'nothing ran again');
  });

  it('that runs already, by its address, without the person\'s code on it', async () => {
    assert.ok(dask);
    const port = 20_000 + (process.pid % 20_000);
    const address = `tcp://127.0.0.1:${port}`;
    const start = (...args: string[]) => spawn(dask, ['-m', ...args], { cwd: dirname(ground.folder), stdio: 'ignore', env: { ...process.env, DASK_DISTRIBUTED__DASHBOARD__LINK: '' } });
    const cluster = [start('distributed.cli.dask_scheduler', '--host', '127.0.0.1', '--port', String(port), '--no-dashboard'), start('distributed.cli.dask_worker', address, '--nworkers', '2', '--nthreads', '1', '--no-dashboard')];
    try {
      ground.write({ 'work.py': 'def helper(x): return x + 1\ndef f(x):\n    return helper(x)\n' });
      const { status, results, err } = await ground.map('--python', 'work.py:f', '--range', '0:500', '--dask', address, '--interpreter', dask);
      assert.equal(status, 0, err);
      assert.deepEqual(sorted(results.map(({ value }) => value as number)), range(500).map((x) => x + 1));
      assert.ok(cluster.every(({ exitCode }) => exitCode === null), 'the cluster goes on');
    } finally {
      for (const child of cluster) child.kill('SIGTERM');
      await Promise.all(cluster.map((child) => new Promise((done) => (child.exitCode === null && child.signalCode === null ? child.on('exit', done) : done(undefined)))));
    }
  });

  it('tells which row each of its workers runs, and ends a task that takes too long, in Python or blocked', async () => {
    ground.write({ 'work.py': 'import time\ndef f(x):\n    if x == 3:\n        while True: pass\n    if x == 4: time.sleep(300)\n    time.sleep(0.05)\n    return x\n' });
    ground.write({ 'w.workload.json': JSON.stringify({ run: { python: 'work.py:f', interpreter: dask }, over: { range: [0, 20] }, workers: 2, timeout: 2, grace: 0.5, engine: { kind: 'dask', address: 'local' } }) });
    const { ended } = await ground.start(['w.workload.json']);
    await until('both are told', () => {
      const { workers = [], cluster = [] } = ground.progress() ?? {};
      const busy = workers.filter(({ row, place }) => row && (row.index === 3 || row.index === 4) && cluster.some(({ address }) => address === place));
      return new Set(busy.map(({ place }) => place)).size === 2;
    });
    const { status, results, err } = await ended;
    assert.equal(status, 2, err);
    assert.deepEqual(sorted(results.map(({ index }) => index)), range(20));
    const failed = results.filter(({ error }) => error).sort((a, b) => a.index - b.index);
    assert.deepEqual(failed.map(({ index, error }) => [index, error?.type]), [[3, 'Timeout'], [4, 'Timeout']]);
    await until('no worker is left', () => ground.left().length === 0);
  });

  it('that does not answer is told', async () => {
    ground.write({ 'work.py': 'def f(x): pass\n' });
    const { status, err } = await ground.map('--python', 'work.py:f', '--range', '0:2', '--dask', 'tcp://127.0.0.1:1', '--interpreter', dask ?? '');
    assert.equal(status, 102);
    assert.match(err, /No Dask scheduler answers at tcp:\/\/127\.0\.0\.1:1/);
  });
});

describe('without the package', () => {
  it('Dask is asked for', async () => {
    const bare = findPythons().map(({ path }) => path).find((path) => spawnSync(path, ['-c', 'import distributed'], { timeout: 60_000 }).status !== 0);
    if (bare === undefined) return;
    ground.write({ 'work.py': 'def f(x): pass\n' });
    const { status, err } = await ground.map('--python', 'work.py:f', '--range', '0:2', '--dask', 'local', '--interpreter', bare);
    assert.equal(status, 102);
    assert.match(err, /needs the package.*pip install dask distributed/);
  });
});

describe('ranks', { skip: (!hasMpi || mpiPython === undefined) && 'no mpirun, or no Python with mpi4py' }, () => {
  const options = ['--oversubscribe', ...(process.getuid?.() === 0 ? ['--allow-run-as-root'] : [])];

  it('are started by mpirun and end together', async () => {
    ground.write({ 'solver.py': 'from mpi4py import MPI\nworld = MPI.COMM_WORLD\nnumbers = world.gather(world.rank)\nif world.rank == 0: print(numbers)\n' });
    const { status, results, err } = await ground.workload({ run: { ranks: 4, launcher: 'mpirun', program: [mpiPython, 'solver.py'], options } });
    assert.equal(status, 0, err + JSON.stringify(results));
    assert.equal(results[0]?.value, '[0, 1, 2, 3]');
  });

  // Only root may give a process a host name of its own.
  it('tell their hosts, where there are several', { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
    ground.write({ 'solver.py': 'from mpi4py import MPI\nimport socket\nprint(MPI.COMM_WORLD.gather(socket.gethostname()))\n', 'there.sh': 'exec unshare --uts sh -c \'hostname node$OMPI_COMM_WORLD_RANK; exec "$0" solver.py\' "$1"\n' });
    const { stdout, status } = spawnSync(process.execPath, [join(import.meta.dirname, '../../dist/cli.js'), 'run', '--report', join(ground.folder, 'report.json'), '--', 'mpirun', '-np', '2', ...options, 'sh', 'there.sh', mpiPython ?? ''], { cwd: ground.folder, encoding: 'utf8', timeout: 60_000 });
    assert.equal(status, 0);
    assert.match(stdout, /\['node0', 'node1'\]/);
    const { members } = JSON.parse(ground.read('report.json')) as Report;
    assert.deepEqual(members.filter(({ rank }) => rank !== null).map(({ rank, host, exit }) => [rank, host, exit?.code]).sort(), [[0, 'node0', 0], [1, 'node1', 0]]);
  });

  it('fail with the status of mpirun', async () => {
    ground.write({ 'solver.py': 'import sys\nfrom mpi4py import MPI\nif MPI.COMM_WORLD.rank == 2: MPI.COMM_WORLD.Abort(7)\nMPI.COMM_WORLD.Barrier()\n' });
    const { status, results } = await ground.workload({ run: { ranks: 3, launcher: 'mpirun', program: [mpiPython, 'solver.py'], options } });
    assert.equal(status, 1);
    assert.equal(results[0]?.error?.message, 'exit code 7');
  });
});
