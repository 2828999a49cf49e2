import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { tableOf, type Result } from './lib/bench';
import { builtCommandLine } from './lib/product';

export const name = 'package';

const root = join(__dirname, '../..');

/** Bytes of the .vsix. */
function packed(): number {
  const folder = mkdtempSync(join(tmpdir(), 'procession-bench-'));
  try {
    const file = join(folder, 'procession.vsix');
    execFileSync('npm', ['run', 'package', '--', '--out', file], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
    return statSync(file).size;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bytes of all files below a folder, or of one file. */
function bytesOf(path: string): number {
  const found = statSync(path);
  if (!found.isDirectory()) return found.size;
  return readdirSync(path).filter((entry) => entry !== '__pycache__').reduce((sum, entry) => sum + bytesOf(join(path, entry)), 0);
}

/** Sizes of what is installed and of what is loaded. Nothing depends on the machine, so a smoke run is a full one. */
export function run(): Promise<Result> {
  const dist = dirname(builtCommandLine());
  const rows = [
    { file: 'procession.vsix', bytes: packed() },
    ...['extension.js', 'cli.js', 'probes/node/probe.cjs', 'probes/python'].map((path) => ({ file: relative(root, join(dist, path)), bytes: bytesOf(join(dist, path)) })),
  ];
  return Promise.resolve({
    table: `Sizes: the package, the bundles of the window and the command line, and what enters a program\n\n${tableOf(
      ['', 'KB'], rows.map(({ file, bytes }) => [file, (bytes / 1000).toFixed(1)]))}`,
    rows,
  });
}
