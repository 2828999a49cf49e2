import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Observed } from './observed';
import { ancestor, environmentFor, execute, makeRun, nodes, observe, readEvents } from './observed';

/** Worker threads have the probe like the main thread, however they are made. */

const folder = mkdtempSync(join(tmpdir(), 'procession-node-threads-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const env = { PATH: process.env.PATH };
/** Thread names can be had from Node 22 on. */
const namesOf = (seen: Observed): (string | undefined)[] => seen.of('thread').filter(({ site }) => site).map(({ name }) => name);

const asked = program('asked.js', `const { Worker, SHARE_ENV } = require('worker_threads');
const options = { plain: {}, env: { env: { A: '1' } }, none: { env: {} }, own: { env: process.env }, shared: { env: SHARE_ENV }, execArgv: { execArgv: [] }, argv: { argv: ['x'] }, same: { execArgv: process.execArgv } }[process.argv[2]];
new Worker(process.argv[3], { ...options, name: process.argv[2], workerData: Object.keys(process.env).length }).on('exit', (code) => console.log(code));`);
const spawning = program('spawning.js', `const { spawn, spawnSync } = require('child_process');
console.log(spawnSync(process.execPath, ['-e', 'process.exitCode = 3']).status, spawnSync('sh', ['-c', 'exit 4']).status);
spawn('sh', ['-c', 'exit 5']).on('exit', (code) => process.exit(code + 1));`);
const nesting = program('nesting.js', `const { Worker, workerData = 0 } = require('worker_threads');
if (workerData < 3) new Worker(__filename, { workerData: workerData + 1, name: 'level ' + (workerData + 1), env: {}, execArgv: [] });
else require('child_process').spawnSync('sh', ['-c', 'exit 7']);`);
const maker = (name: string): string => `import { Worker } from 'node:worker_threads';
new Worker('0', { eval: true, name: '${name}' }); new Worker('0', { eval: true, name: '${name} env', env: {} });`;
const imported = program('imported.mjs', maker('imported'));
const evaluated = program('evaluated.mjs', `import './imported.mjs';\nawait null;\n${maker('evaluated')}`);
const requiring = program('requiring.cjs', "require('./imported.mjs');");
const empty = program('empty.mjs', '');
program('hooks.mjs', `import { spawnSync } from 'node:child_process';
export const resolve = (specifier, context, next) => next(specifier, context);
spawnSync('sh', ['-c', 'exit 8']);`);
const registering = program('registering.mjs', "import { register } from 'node:module'; register('./hooks.mjs', import.meta.url);");

for (const node of nodes) {
  describe(`Node ${node.version}: threads`, { concurrency: 2, timeout: 120_000 }, () => {
    for (const how of ['plain', 'env', 'none', 'own', 'shared', 'execArgv', 'argv', 'same']) {
      test(`one made with ${how}: its children and their endings`, async () => {
        const seen = await observe(node.path, [asked, how, spawning], { env });
        assert.equal(seen.outcome.stdout, '3 4\n6\n');
        const root = seen.one('start', ({ parent }) => parent === ancestor).id;
        assert.deepEqual(seen.of('start').map(({ parent }) => parent).sort(), [ancestor, root].sort());
        assert.deepEqual(seen.of('spawn').map(({ id, site }) => [id, site?.file]), [[root, spawning], [root, spawning], [root, spawning]]);
        assert.deepEqual(seen.of('reap').map(({ code }) => code), [3, 4, 5]);
        const told = seen.of('thread').filter(({ thread }) => thread === 1);
        assert.deepEqual(told.flatMap(({ file }) => file ?? []), [spawning]);
        assert.ok(told.some(({ state, code }) => state === 'exited' && code === 6));
      });
    }

    test('where a preload before ours has made threads already', async () => {
      const first = program('first.cjs', "const { Worker, isMainThread } = require('worker_threads'); if (isMainThread) new Worker('require(\"child_process\").spawnSync(\"sh\", [\"-c\", \"exit 9\"])', { eval: true });");
      const run = makeRun();
      const observed = environmentFor(run, { env });
      await execute(node.path, [asked, 'none', spawning], { env: { ...observed, NODE_OPTIONS: `--require ${first} ${observed.NODE_OPTIONS}` } });
      const events = readEvents(run);
      assert.deepEqual(events.flatMap((event) => (event.e === 'reap' ? [event.code] : [])), [3, 4, 5]);
      assert.deepEqual([...new Set(events.flatMap((event) => (event.e === 'thread' ? [event.thread] : [])))], [2]);
    });

    test('threads that start threads', async () => {
      const seen = await observe(node.path, [nesting], { env });
      assert.deepEqual(seen.of('thread').filter(({ site }) => site).map(({ thread }) => thread), [1, 2, 3]);
      assert.deepEqual(seen.of('reap').map(({ code }) => code), [7]);
    });

    test('while ES modules are evaluated, by --import and by require()', async () => {
      const named = (...names: string[]): (string | undefined)[] => (node.major < 22 ? names.map(() => undefined) : names);
      assert.deepEqual(namesOf(await observe(node.path, [evaluated], { env })), named('imported', 'imported env', 'evaluated', 'evaluated env'));
      assert.deepEqual(namesOf(await observe(node.path, ['--import', imported, empty], { env })), named('imported', 'imported env'));
      if (node.major >= 22) assert.deepEqual(namesOf(await observe(node.path, [requiring], { env })), named('imported', 'imported env'));
    });

    test('Node\'s own thread of module hooks is none of the program\'s, but its children are', async () => {
      const seen = await observe(node.path, ['--import', registering, empty], { env });
      assert.deepEqual([seen.outcome.code, seen.of('thread'), seen.of('reap').map(({ code }) => code)], [0, [], [8]]);
    });
  });
}
