import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { runBare, runObserved } from './report';
import { findPythons } from './toolchains';

/** What the command line says of runs that hang. */

const python = findPythons().at(-1)?.path ?? 'python3';
const cli = process.env.PROCESSION_CLI ?? resolve('dist', 'cli.js');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procession-hangs-')));
after(() => rmSync(folder, { recursive: true, force: true }));
const hung = [python, resolve('test', 'host', 'programs', 'hung_pool.py')];
const bare = (...argv: string[]): ReturnType<typeof runBare> => runBare({ argv, cwd: folder, env: process.env });

describe('a run that hangs', { skip: process.platform !== 'linux' && 'who waits for whom is seen on Linux' }, () => {
  test('is stopped and told on stderr and in the report; its record explains itself later', async () => {
    const record = join(folder, 'record');
    const { status, stderr, report } = await runObserved({ argv: hung, cwd: folder, env: process.env }, ['--hang-after', '1', '--stop-on-hang', '--record', record]);
    assert.equal(status, 124);
    assert.deepEqual(report.findings.map(({ rule, certainty }) => `${rule} ${certainty}`), ['lost-task proved']);
    assert.ok(report.findings[0]?.sites.some(({ file, line }) => file.endsWith('hung_pool.py') && line === 14), JSON.stringify(report.findings));
    assert.ok(report.stacks?.some(({ frames }) => frames.some(({ function: name }) => name === 'main')), 'its stacks are in the report');
    assert.match(stderr, /procession: the run was stopped: it can't go on\.\n\nProved \(lost-task/);
    const explained = await bare(process.execPath, cli, 'explain', record);
    assert.match(explained.stdout, /^Proved \(lost-task[^]*What they did when they were last asked:\n {2}MainProcess \(\d+\) waits for a result of its pool, at hung_pool\.py:14/);
    const [root] = report.members;
    const told = JSON.parse((await bare(process.execPath, cli, 'explain', record, '--json', '--member', String(root?.pid))).stdout) as unknown[];
    assert.equal(told.length, 1);
    assert.match((await bare(process.execPath, cli, 'explain', record, '--member', '1')).stderr, /No process of the run has the pid 1\./);
  });

  test('is stopped after a time in any case, and what goes on is left alone', async () => {
    const { status, stderr, report } = await runObserved({ argv: [python, '-c', 'import time; time.sleep(60)'], cwd: folder, env: process.env }, ['--hang-after', '0.5', '--timeout', '3']);
    assert.equal(status, 124);
    assert.match(stderr, /the run was stopped: it ran for more than 3 s\.\n\nNothing was found\./);
    assert.deepEqual(report.findings, []);
  });

  test('a time that is none is refused', async () => {
    const { status, stderr } = await bare(process.execPath, cli, 'run', '--timeout', '0', '--', 'true');
    assert.notEqual(status, 0);
    assert.match(stderr, /--timeout takes seconds, more than 0, not "0"/);
  });
});
