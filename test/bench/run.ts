/**
 * Runs the benchmarks: `npm run bench -- [quick] [name…]`. Prints each table, and writes all results to
 * `out/bench.json` with the machine they were made on.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Benchmark, Result } from './lib/bench';

const root = join(__dirname, '../..');

function machine(): Record<string, string | number> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`, node: process.version, date: new Date().toISOString(),
  };
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const quick = args.includes('quick');
  const wanted = args.filter((arg) => arg !== 'quick');
  const files = readdirSync(__dirname).filter((file) => file.endsWith('.ts') && file !== 'run.ts').sort();
  const benchmarks: Benchmark[] = [];
  for (const file of files) benchmarks.push((await import(join(__dirname, file))) as Benchmark);
  const unknown = wanted.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
  if (unknown.length > 0) throw new Error(`no benchmark ${unknown.join(', ')}; there are ${benchmarks.map((benchmark) => benchmark.name).join(', ')}`);
  const results: Record<string, Result['rows']> = {};
  for (const benchmark of benchmarks) {
    if (wanted.length > 0 && !wanted.includes(benchmark.name)) continue;
    const began = Date.now();
    const { table, rows } = await benchmark.run({ quick });
    results[benchmark.name] = rows;
    console.log(`\n## ${benchmark.name} (${Math.round((Date.now() - began) / 1000)} s)\n\n${table}`);
  }
  const file = join(root, 'out/bench.json');
  mkdirSync(join(root, 'out'), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ machine: machine(), quick, results }, undefined, 2)}\n`);
  console.log(`\n${JSON.stringify(machine())}\n${file}`);
}

main().then(() => process.exit(0), (error: unknown) => {
  console.error(error);
  process.exit(1);
});
