import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { format, median, tableOf, type Options, type Result } from './lib/bench';
import { measureDeriving } from './lib/deriving';
import type { EventsResult } from './lib/eventsWorker';
import { writeLongRun } from './lib/longRun';
import { memoryFolder } from './lib/observed';
import { runWorker } from './lib/worker';

export const name = 'events';

async function measure(wanted: number, rounds: number): Promise<EventsResult & { perSecond: number; perCpuSecond: number }> {
  const folder = memoryFolder();
  try {
    const run = join(folder, 'run');
    const events = writeLongRun(run, wanted);
    const results: EventsResult[] = [];
    for (let round = 0; round < rounds; round++) results.push(await runWorker<EventsResult>('eventsWorker', [run, String(events)], ['--expose-gc']));
    const last = results.at(-1);
    if (!last || last.events !== events || last.garbled > 0) throw new Error(`read ${last?.events} of ${events} events, ${last?.garbled} garbled`);
    const rate = (times: number[]): number => (events / median(times)) * 1000;
    return { ...last, perSecond: rate(results.map(({ ms }) => ms)), perCpuSecond: rate(results.map(({ cpuMs }) => cpuMs)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Events a second through reader and reducer, the memory that a long run comes to hold, and the time to derive its members. */
export async function run({ quick }: Options): Promise<Result> {
  const rows: (EventsResult & { perSecond: number; perCpuSecond: number })[] = [];
  for (const wanted of quick ? [20_000, 100_000] : [100_000, 1_000_000]) rows.push(await measure(wanted, quick ? 1 : 5));
  const derived = (quick ? [500, 1_000] : [1_000, 2_000, 4_000, 8_000, 16_000]).map((members) => measureDeriving(members, quick ? 3 : 15));
  return {
    table: `A record read and folded: workers that come and go, each with 60 commands\n\n${tableOf(
      ['events', 'events/s', 'per CPU second', 'MB at a tenth', 'at half', 'at the end', 'members kept', 'let go', 'report ms', 'look ms'],
      rows.map((row) => [
        row.events.toLocaleString('en'), Math.round(row.perSecond).toLocaleString('en'), Math.round(row.perCpuSecond).toLocaleString('en'),
        ...[0, 1, 2].map((mark) => format(row.megabytes[mark])),
        row.members.toLocaleString('en'), row.forgotten.toLocaleString('en'), format(row.reportMs), format(row.lookMs),
      ]),
    )}\n\nMembers derived, all of them ended by a signal of unknown sender: ms for all, when one has appeared since, and when one has new numbers\n\n${tableOf(
      ['members', 'all', 'one new', 'new numbers', 'one new, µs a member'],
      derived.map(({ members, first, oneNew, oneSample }) => [members.toLocaleString('en'), format(first), format(oneNew), format(oneSample), format((oneNew / members) * 1000)]),
    )}`,
    rows: [...rows, ...derived],
  };
}
