import { writeFileSync } from 'node:fs';
import { findPythons } from '../interpreters.mjs';
import { binaryOf, install, majors } from '../node/install.mjs';
import { alternate, compare, type Comparison } from './lib/alternate';
import { format, tableOf, type Options, type Result } from './lib/bench';
import { ProbedRun } from './lib/observed';

export const name = 'startup';

interface Case {
  label: string;
  argv: string[];
}

function cases(empty: string, quick: boolean): Case[] {
  const pythons = findPythons();
  const chosen = quick ? pythons.filter((_, index) => index === 0 || index === pythons.length - 1) : pythons;
  const versions = majors.filter((major) => install(major));
  return [
    ...chosen.flatMap(({ implementation, version, path }) => [
      { label: `${implementation} ${version}, pass`, argv: [path, '-c', 'pass'] },
      { label: `${implementation} ${version}, import multiprocessing.pool`, argv: [path, '-c', 'import multiprocessing.pool'] },
    ]),
    ...(quick ? versions.slice(-1) : versions).map((major) => ({ label: `node ${major}, an empty file`, argv: [binaryOf(major), empty] })),
  ];
}

/** How much longer an interpreter takes to start and end with the probe in it. */
export async function run({ quick }: Options): Promise<Result> {
  const probed = new ProbedRun();
  const empty = probed.file('empty.cjs');
  writeFileSync(empty, '');
  const rows: ({ program: string } & Comparison)[] = [];
  try {
    for (const { label, argv } of cases(empty, quick)) {
      const [bare, observed] = await alternate(probed.variants(...argv), quick ? 7 : 101, 2);
      if (bare && observed) rows.push({ program: label, ...compare(bare, observed) });
    }
  } finally {
    probed.end();
  }
  return {
    table: `Start and end of an interpreter, ms: medians, and the median of the differences between neighbours\n\n${tableOf(
      ['program', 'bare', 'with probe', 'added', 'times', 'CPU added'],
      rows.map((row) => [row.program, format(row.bareMs), format(row.probeMs), format(row.addedMs), format(row.ratio), format(row.addedCpuMs)]),
    )}`,
    rows,
  };
}
