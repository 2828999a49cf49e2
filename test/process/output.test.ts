import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { writeOrder } from '../../src/launch/launchSpecFile';
import { megabyte } from '../../src/observe/record/keptOutput';
import { KeptOutputReader } from '../../src/observe/record/keptOutputReader';
import { readRun } from '../../src/observe/record/readRun';
import { createRunDirectory, outputsOf } from '../../src/observe/record/runDirectory';

/** What the launcher keeps of a program's output, with real programs and a real disk that fills up. */

const cli = resolve(import.meta.dirname, '../../dist/cli.js');

function runDirectory(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'procession-output-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return join(folder, 'run');
}

/** Orders a run of a program whose output is kept. */
function order(run: string, argv: string[], outputLimit: number): void {
  createRunDirectory(run);
  writeOrder({ run, id: 'test', argv, cwd: tmpdir(), env: process.env, output: 'keep', outputLimit, copies: false });
}

const problems = (run: string): string[] => readRun(run).report.problems.messages.map(({ message }) => message);

test('a program prints more than is kept: it ends as ever, the newest part is there, and the run says so', async (t) => {
  const run = runDirectory(t);
  order(run, ['python3', '-c', "import sys\nsys.stderr.write('first words\\n')\nfor n in range(60_000): print('%099d' % n)"], megabyte);
  const launcher = spawn(process.execPath, [cli, 'launch', run], { stdio: 'ignore' });
  assert.deepEqual(await once(launcher, 'close'), [0, null]);
  const pieces = [...new KeptOutputReader(outputsOf(run)).read(true)];
  const text = pieces.map((piece) => ('text' in piece ? piece.text : `[${piece.stream}: ${piece.missing}]`)).join('');
  const [, missing] = /\[stdout: (\d+)\]/.exec(text) ?? [];
  const kept = Math.floor(60_000 - Number(missing) / 100);
  assert.ok(kept > 8_000 && kept < 10_600, `${kept} lines`);
  assert.ok(text.includes('first words\n'), `${text.slice(0, 300)}: what the other stream has is not given up for it`);
  assert.ok(text.endsWith(Array.from({ length: kept }, (_, at) => `${String(60_000 - kept + at).padStart(99, '0')}\n`).join('')));
  assert.match(problems(run).join('; '), /^Only the newest 1 MB of what the program prints to stdout are kept/);
});

const mountable = process.platform === 'linux' && spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

test('the disk of the run fills up with output: the program ends as ever, events have room, and the run says so', { skip: !mountable && 'no file system of our own here' }, async (t) => {
  const run = runDirectory(t);
  order(run, ['python3', '-c', "import os\nblock = b'x' * 65536\nfor _ in range(1600): os.write(1, block)\nos.write(1, b'the end')\nos._exit(3)"], 4096 * megabyte);
  // The run directory on a file system of 40 MB, which is read before it goes with its namespace.
  const script = `cp -r "$1" "$1.all" && mount -t tmpfs -o size=40m tmpfs "$1" && cp -r "$1.all/." "$1" && "$2" "$3" launch "$1"; status=$?; tail -c 7 "$(ls -t "$1"/out/stdout* | head -1)"; cp -r "$1"/events "$1.all/"; exit $status`;
  const launcher = spawn('unshare', ['-rm', 'sh', '-c', script, 'sh', run, process.execPath, cli], { stdio: ['ignore', 'pipe', 'inherit'] });
  let end = '';
  launcher.stdout.setEncoding('utf8').on('data', (data: string) => (end += data));
  assert.deepEqual(await once(launcher, 'close'), [3, null]);
  assert.equal(end, 'the end');
  assert.deepEqual(problems(`${run}.all`), ['The disk of the run directory is nearly full: only the newest part of what the program prints to stdout is kept.']);
  assert.equal(readRun(`${run}.all`).report.run.exit?.code, 3);
});
