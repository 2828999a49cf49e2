import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, test } from 'node:test';

/** The command is a Node program itself: what a person has set for Node is for the program that it runs. */

const command = resolve(import.meta.dirname, '../../dist/procession');
const folder = mkdtempSync(join(tmpdir(), 'procession-command-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const onWindows = process.platform === 'win32' && 'there is no env(1)';
const environment = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: folder };
const bare = (args: string[], env: NodeJS.ProcessEnv = {}) => spawnSync(args[0] ?? '', args.slice(1), { cwd: folder, encoding: 'utf8', env: { ...environment, ...env } });
const observed = (args: string[], env: NodeJS.ProcessEnv = {}, from = command) => spawnSync(from, ['run', '--', ...args], { cwd: folder, encoding: 'utf8', env: { ...environment, ...env } });
const seen = ({ stdout, stderr, status }: ReturnType<typeof bare>) => ({ stdout, stderr, status });

test('a preload, a trace and a limit in NODE_OPTIONS and its like are the program\'s alone', { skip: onWindows }, () => {
  const preload = join(folder, 'preload.cjs');
  writeFileSync(preload, 'console.log("preload of", process.argv[1]);');
  const program = join(folder, 'program.js');
  writeFileSync(program, 'console.log(Object.entries(process.env).sort(), require("v8").getHeapStatistics().heap_size_limit); setTimeout(() => {}, 1);');
  const env = { NODE_OPTIONS: `--require ${preload} --max-old-space-size=77`, NODE_DEBUG: 'timer', OTHER: '' };
  const masked = (outcome: ReturnType<typeof bare>) => ({ ...seen(outcome), stderr: outcome.stderr.replace(/^TIMER \d+/gm, 'TIMER PID').replace(/lists \d+$/gm, 'lists') });
  const alone = masked(bare(['node', program], env));
  assert.match(alone.stdout, /^preload of .*program\.js\n/);
  assert.deepEqual(masked(observed(['node', program], env)), alone);
});

test('coverage is of the program alone', { skip: onWindows }, () => {
  const program = join(folder, 'covered.js');
  writeFileSync(program, 'console.log(1)');
  const place = join(folder, 'coverage');
  observed(['node', program], { NODE_V8_COVERAGE: place });
  const scripts = readdirSync(place).flatMap((file) => (JSON.parse(readFileSync(join(place, file), 'utf8')) as { result: { url: string }[] }).result.map(({ url }) => url));
  assert.deepEqual(scripts.filter((url) => !url.startsWith('node:')), [`file://${program}`]);
});

test('every variable reaches the program as it was, bytes and all', { skip: onWindows }, () => {
  const odd = 'a b\n"c" $HOME `d` \\ \'e\' é';
  const print = ['python3', '-I', '-c', 'import os; ours = (b"PROCESSION", b"PYTHONPATH", b"NODE_OPTIONS"); print(sorted(item for item in os.environb.items() if item[0] not in ours))'];
  for (const env of [{}, { NODE_DEBUG: odd, OTHER: odd, 'no-word': 'x', 'BASH_FUNC_f%%': '() { :; }' }]) assert.deepEqual(seen(observed(print, env)), seen(bare(print, env)));
});

test('with words and variables that are no UTF-8, too', { skip: onWindows || (!existsSync('/usr/bin/perl') && 'takes perl') }, () => {
  const env = { LANG: 'C', OTHER: 'x' };
  // A shell can write such words, which Node's strings can't hold.
  const script = `ODD=$(printf 'a\\377b'); export ODD NODE_OPTIONS=--title=$ODD; exec $1 python3 -I -c 'import os, sys; ours = (b"PROCESSION", b"PYTHONPATH"); print(sorted(item for item in os.environb.items() if item[0] not in ours), os.fsencode(sys.argv[1]))' "$ODD"`;
  const run = (prefix: string): ReturnType<typeof seen> => {
    const { stdout, ...rest } = seen(bare(['sh', '-c', script, 'sh', prefix], env));
    // Ours comes before the person's own.
    return { ...rest, stdout: stdout.replace(/--require "[^"]*" /, '') };
  };
  assert.deepEqual(run(`${command} run --`), run(''));
});

test('the command is found through links, and its status is the program\'s', { skip: onWindows }, () => {
  const link = join(folder, 'link');
  symlinkSync(command, link);
  symlinkSync(link, join(folder, 'second'));
  assert.deepEqual(seen(observed(['sh', '-c', 'echo $#; exit 3', 'sh', 'a b', ''], {}, join(folder, 'second'))), { stdout: '2\n', stderr: '', status: 3 });
  for (const words of [['help'], ['--help'], ['run', '--help'], ['open', '-h']]) assert.match(execFileSync(command, words, { encoding: 'utf8', env: environment }), /^procession: run a program/);
});
