import { buildSync } from 'esbuild';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Runs a worker of this folder in a Node of its own, and gives what it printed. As plain JavaScript: a loader would be measured with it. */
export async function runWorker<T>(name: string, args: readonly string[], flags: readonly string[] = []): Promise<T> {
  const outfile = join(__dirname, '../../../node_modules/.cache/procession-bench', `${name}.cjs`);
  buildSync({ entryPoints: [join(__dirname, `${name}.ts`)], bundle: true, platform: 'node', format: 'cjs', outfile, logLevel: 'error' });
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, outfile, ...args], { maxBuffer: 64_000_000 });
  return JSON.parse(stdout) as T;
}
