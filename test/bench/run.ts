/**
 * Runs the benchmarks: `npm run bench -- [quick] [write] [name…]`. Prints each table, and writes all results to
 * `out/bench.json` with the machine they were made on. `write` also puts the tables into `docs/performance.md`.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

const document = join(root, 'docs/performance.md');

/** Replaces what stands between the marks of a benchmark in the document. */
function writeTable(name: string, text: string): void {
  const before = readFileSync(document, 'utf8');
  const begin = `<!-- ${name} -->\n`;
  const end = `<!-- /${name} -->`;
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  if (from === -1 || to === -1) throw new Error(`docs/performance.md has no place for ${name}`);
  writeFileSync(document, `${before.slice(0, from + begin.length)}\n${text}\n\n${before.slice(to)}`);
}

function machineText(): string {
  const { cpu, cores, memoryGiB, system, node, date } = machine();
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB; ${system}; Node ${node}; ${String(date).slice(0, 10)}.`;
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const quick = args.includes('quick');
  const write = args.includes('write');
  const wanted = args.filter((arg) => arg !== 'quick' && arg !== 'write');
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
    if (write) writeTable(benchmark.name, table);
  }
  if (write) writeTable('machine', machineText());
  const file = join(root, 'out/bench.json');
  mkdirSync(join(root, 'out'), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ machine: machine(), quick, results }, undefined, 2)}\n`);
  console.log(`\n${JSON.stringify(machine())}\n${file}`);
}

main().then(() => process.exit(0), (error: unknown) => {
  console.error(error);
  process.exit(1);
});
