import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { execute, nodes, observe } from './observed';

/** What measures a program's code must not measure the probe. */

const folder = mkdtempSync(join(tmpdir(), 'procession-node-coverage-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

program('lib.mjs', 'export const double = (n) => n * 2;\n');
const tests = program('double.test.mjs', `import test from 'node:test'; import assert from 'node:assert'; import { double } from './lib.mjs';
test('double', () => assert.equal(double(2), 4));
`);
/** Spawns, makes a thread and exits by a call, so that the probe is busy. */
const busy = program('busy.js', `const { Worker } = require('worker_threads');
require('child_process').spawnSync('true');
require('child_process').spawn('true').on('exit', () => new Worker('1', { eval: true }).on('exit', () => process.exit(0)));
`);
const counting = program('counting.js', `const { Session } = require('inspector');
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
require('child_process').spawn('true').on('exit', () => session.post('Profiler.takePreciseCoverage', (error, { result }) =>
  console.log(result.map(({ url }) => url).filter((url) => !url.startsWith('node:')).join('\\n'))));
`);

const env = { PATH: process.env.PATH };
const withoutTimes = (report: string): string => report.replace(/\(\d+\.\d+ms\)|duration_ms:? \d+\.\d+/g, '');

/** The scripts that a measured program leaves word of in `place`, but for Node's own built-ins, which are called `node:…`. */
function scripts(place: string): string[] {
  const results = readdirSync(place).map((file) => (JSON.parse(readFileSync(join(place, file), 'utf8')) as { result: { url: string }[] }).result);
  return [...new Set(results.flat().map(({ url }) => url))].filter((url) => !url.startsWith('node:')).sort();
}

for (const node of nodes) {
  describe(`Node ${node.version}: coverage`, { concurrency: 2, timeout: 60_000 }, () => {
    test('Node\'s own report, and its thresholds', async () => {
      const thresholds = ['lines', 'branches', 'functions'].map((what) => `--test-coverage-${what}=100`);
      const args = ['--test', '--experimental-test-coverage', ...(node.major < 22 ? [] : thresholds), tests];
      const alone = await execute(node.path, args, { env, cwd: folder });
      const { outcome } = await observe(node.path, args, { env, cwd: folder });
      assert.match(alone.stdout, /lib\.mjs +\| 100\.00/);
      assert.deepEqual({ ...outcome, stdout: withoutTimes(outcome.stdout) }, { ...alone, stdout: withoutTimes(alone.stdout) });
    });

    test('what NODE_V8_COVERAGE collects', async () => {
      const collect = async (run: typeof execute | typeof observe): Promise<string[]> => {
        const place = mkdtempSync(join(folder, 'collected-'));
        await run(node.path, [busy], { env: { ...env, NODE_V8_COVERAGE: place } });
        return scripts(place);
      };
      const alone = await collect(execute);
      assert.ok(alone.some((url) => url.endsWith('/busy.js')));
      assert.deepEqual(await collect(observe), alone);
    });

    test('what a program counts itself', async () => {
      const { outcome } = await observe(node.path, [counting], { env });
      assert.deepEqual(outcome, await execute(node.path, [counting], { env }));
    });
  });
}
