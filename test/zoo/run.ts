/**
 * Judges the findings of `procession run` on the zoo: `npm run zoo -- [--sample] [--only TEXT] [--jobs N] [--python PATH] [--node PATH] [--json FILE]`.
 * Each case runs with one of the oldest, the middle and the newest of the interpreters that are there, in turns, unless one is named.
 * Exit status: 0 when at least 90 % of the broken are explained and no healthy one has a finding; of the sample, when all went well.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { findNodes, findPythons, isAtLeast, sampleOf } from '../process/toolchains';
import { allCases, type Case } from './cases';
import { run, verdict, type Outcome } from './judge';
import { sample } from './sample';

interface Result extends Outcome {
  one: Case;
  wrong: string[];
}

const { values: options } = parseArgs({ options: {
  sample: { type: 'boolean' }, only: { type: 'string' }, jobs: { type: 'string' }, python: { type: 'string' }, node: { type: 'string' }, json: { type: 'string' },
} });

/** The zoo's programs are written for Python 3.9 and Node 20, or later. */
const pythons = options.python === undefined ? sampleOf(findPythons().filter(({ version }) => isAtLeast(version, '3.9'))).map(({ path }) => path) : [options.python];
const nodes = options.node === undefined ? sampleOf(findNodes()).map(({ path }) => path) : [options.node];

async function judged(one: Case, index: number): Promise<Result> {
  const python = pythons[index % pythons.length] ?? 'python3';
  const node = nodes[index % nodes.length] ?? process.execPath;
  const outcome = await run(one, { python, node });
  return { ...outcome, one, wrong: verdict(one, outcome) };
}

/** Runs so many at once, and tells of each when it is done. */
async function judgeAll(cases: readonly Case[], jobs: number): Promise<Result[]> {
  const results: Result[] = [];
  const left = cases.map((one, index) => ({ one, index }));
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const result = await judged(next.one, next.index);
      results.push(result);
      tell(result);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return results;
}

function tell({ one, wrong, seconds, findings }: Result): void {
  console.log(`${wrong.length === 0 ? 'ok  ' : 'FAIL'} ${seconds.toFixed(1).padStart(5)} s  ${one.name.padEnd(44)} ${wrong.join('; ')}`);
  if (wrong.length > 0) for (const { rule, certainty, title } of findings ?? []) console.log(`               ${rule} (${certainty}): ${title}`);
}

/** A busy machine can be too slow for a case: up to two that failed are tried once more, alone. A false alarm is none the less one. */
async function tryAgain(results: Result[]): Promise<Result[]> {
  const failed = results.filter(({ one, wrong }) => wrong.length > 0 && one.healthy === undefined);
  if (failed.length === 0 || failed.length > 2) return results;
  console.log('once more, alone:');
  const again = await judgeAll(failed.map(({ one }) => one), 1);
  return results.map((result) => again.find(({ one }) => one === result.one) ?? result);
}

function isGood(results: readonly Result[]): boolean {
  const good = (some: readonly Result[]): number => some.filter(({ wrong }) => wrong.length === 0).length;
  const broken = results.filter(({ one }) => one.healthy === undefined);
  const healthy = results.filter(({ one }) => one.healthy !== undefined);
  const provable = broken.filter(({ one }) => one.certainty === 'proved');
  const proved = provable.filter(({ one, wrong, findings }) => wrong.length === 0 && findings?.some(({ rule, certainty }) => certainty === 'proved' && one.rules.includes(rule)));
  const alarms = healthy.filter(({ findings }) => (findings ?? []).length > 0);
  console.log(`${good(broken)} of ${broken.length} broken programs explained, ${proved.length} of ${provable.length} provable ones proved; ${good(healthy)} of ${healthy.length} healthy ones left alone, ${alarms.length} false alarms`);
  console.log(`${good(results)} passed, ${results.length - good(results)} failed`);
  return good(healthy) === healthy.length && good(broken) >= (options.sample ? 1 : 0.9) * broken.length;
}

async function main(): Promise<void> {
  if (process.platform !== 'linux') {
    console.log('The zoo is looked at from outside, which is for Linux.\n0 passed, 0 failed, 1 skipped');
    return;
  }
  const cases = allCases().filter(({ name }) => name.includes(options.only ?? '') && (!options.sample || sample.includes(name)));
  const results = await tryAgain(await judgeAll(cases, Number(options.jobs ?? 2)));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, undefined, 1)}\n`);
  process.exitCode = isGood(results) ? 0 : 1;
}

void main();
