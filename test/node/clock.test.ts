import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { execute, nodes, observe } from './observed';

/** The times of events are the system's, whatever the program is told or makes of its clock. */

const folder = mkdtempSync(join(tmpdir(), 'procession-node-clock-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** libfaketime answers for the clocks of the C library (Debian: package libfaketime). */
const library = readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/faketime/libfaketime.so.1`).find((path) => existsSync(path));

// No timers: they don't fire while a clock stands still.
const busy = `const { spawn, spawnSync } = require('child_process');
spawnSync('sleep', ['0.2']);
spawn('sh', ['-c', 'exit 3']).on('exit', () => new (require('worker_threads').Worker)('1', { eval: true, env: {} }).on('exit', () => { spawnSync('true'); console.log(new Date().getFullYear()); }));`;
const plain = program('plain.js', busy);

/** ms that a kernel's stamp of a file may lag behind */
const coarse = 30;

async function check(node: string, path: string, env: NodeJS.ProcessEnv): Promise<string> {
  const began = Date.now();
  const seen = await observe(node, [path], { env: { PATH: process.env.PATH, ...env } });
  const ended = Date.now();
  const times = seen.events.map(({ t }) => t);
  assert.equal(seen.of('reap').length, 3);
  assert.ok(times.every((t) => t >= began - coarse && t <= ended + coarse), `${began} … ${ended}: ${times.join(' ')}`);
  const [first = 0, second = 0, third = 0] = seen.of('reap').map(({ t }) => t);
  assert.ok(first >= seen.one('start').t - coarse && second >= first - coarse && third >= second - coarse, times.join(' '));
  return seen.outcome.stdout.trim();
}

for (const node of nodes) {
  describe(`Node ${node.version}: clocks`, { concurrency: 2, timeout: 120_000 }, () => {
    const skip = library === undefined && 'no libfaketime';
    for (const [how, FAKETIME, year] of [['another', '@2012-01-14 12:00:00', '2012'], ['a later', '@2040-01-14 12:00:00', '2040'], ['a faster', '+0 x20', undefined], ['a slow', '+0 x0.1', undefined], ['a stopped', '2012-01-14 12:00:00', '2012']] as const) {
      test(`${how} time by libfaketime`, { skip }, async () => {
        const told = await check(node.path, plain, { LD_PRELOAD: library, FAKETIME });
        if (year !== undefined) assert.equal(told, year);
      });
    }

    test('a library that leaves the clock alone changes nothing', { skip }, async () => {
      await check(node.path, plain, { LD_PRELOAD: library });
      const { outcome } = await observe(node.path, [plain], { env: { LD_PRELOAD: library, FAKETIME: '@2012-01-14 12:00:00' } });
      assert.deepEqual(outcome, await execute(node.path, [plain], { env: { LD_PRELOAD: library, FAKETIME: '@2012-01-14 12:00:00' } }));
    });

    test('clocks that the program replaces', async () => {
      const replaced = program('replaced.js', `const fixed = class extends Date { constructor() { super(0); } static now() { return 0; } };
globalThis.Date = fixed; process.hrtime = Object.assign(() => [0, 0], { bigint: () => 0n }); performance.now = () => 0;
${busy}`);
      assert.equal(await check(node.path, replaced, {}), '1970');
      const mocked = program('mocked.js', `require('node:test').mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'], now: 5 });\n${busy}`);
      assert.equal(await check(node.path, mocked, {}), '1970');
    });
  });
}
