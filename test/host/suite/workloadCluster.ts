import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { test, until } from '../inside/testing';
import { showView, startedBy, tidy, untilRow, untilRun, view } from './support';
import { workloadFile } from './workloadSupport';

const dask = process.env.PROCESSION_TEST_PYTHON;
const system = '/usr/bin/python3';
const canRank = spawnSync('mpirun', ['--version']).status === 0 && spawnSync(system, ['-c', 'import mpi4py']).status === 0;
const run = (file: string): Promise<string> => startedBy(() => vscode.commands.executeCommand('procession.runAcrossCores', vscode.Uri.file(file)));

// Where no Python with the package is at hand, the command line's tests say so.
if (dask !== undefined) {
  test('a Dask cluster in the tree: its host, its workers, the row that each runs; a task that takes too long is told', async (context) => {
    tidy(context);
    const file = workloadFile(context, 'cluster.workload.json', { run: { python: 'workload_slow.py:wait', interpreter: dask }, over: { rows: [8, 8, 0.1, 300] }, workers: 2, timeout: 12, grace: 0.5, engine: { kind: 'dask', address: 'local' } });
    await context.look(async (browser) => {
      const id = await run(file);
      await showView();
      await untilRow(browser, 'the host', ({ label, level, description }) => label === hostname() && level === 2 && description === '2 workers');
      await until('each worker with its row', async () => {
        const rows = await browser.rows(view);
        const below = (label: string) => rows[rows.findIndex((row) => row.label === label && row.level === 3) + 1];
        return ['worker 0', 'worker 1'].every((label) => /^row [01]$/.test(below(label)?.label ?? '') && /^for \d/.test(below(label)?.description ?? ''));
      });
      await browser.screenshot(join(process.env.PROCESSION_TEST_PICTURES ?? '.', 'dask.png'));
      const report = await untilRun(id, 'the workers are members', ({ members }) => members.filter(({ name }) => /Dask Worker/.test(name)).length >= 2);
      assert.ok(report.members.length > 3);
      await untilRow(browser, 'the failed task', ({ label, description }) => label === 'row 3' && description.startsWith('Timeout: row 3 ran longer than 12.0 s'));
      await untilRow(browser, 'the end', ({ label, description }) => label === 'cluster' && description.startsWith('1 failed'));
    });
  }, { browserOnly: true, limit: 120_000 });
}

if (canRank) {
  test('ranks in the tree stand in their order', async (context) => {
    tidy(context);
    const options = ['--oversubscribe', ...(process.getuid?.() === 0 ? ['--allow-run-as-root'] : [])];
    const file = workloadFile(context, 'ranks.workload.json', { run: { ranks: 3, launcher: 'mpirun', program: [system, 'ranks.py'], options } });
    await context.look(async (browser) => {
      const id = await run(file);
      await showView();
      await until('the ranks', async () => (await browser.rows(view)).filter(({ label, description }) => /^rank \d$/.test(label) && / · \d+ · ranks\.py$/.test(description)).map(({ label }) => label).join() === 'rank 0,rank 1,rank 2');
      await browser.screenshot(join(process.env.PROCESSION_TEST_PICTURES ?? '.', 'ranks.png'));
      const report = await untilRun(id, 'the end', ({ run: { endedAt } }) => endedAt !== null, 40_000);
      assert.deepEqual(report.members.flatMap(({ rank, worldSize }) => (rank === null ? [] : [[rank, worldSize]])).sort(), [[0, 3], [1, 3], [2, 3]]);
    });
  }, { browserOnly: true, limit: 90_000 });
}
