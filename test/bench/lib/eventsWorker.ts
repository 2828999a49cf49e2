/**
 * Reads the record of a run as the product does and says what it took: `eventsWorker.ts <run directory>` prints an EventsResult.
 * A process of its own, started with --expose-gc, so that nothing but the record is in its memory.
 */
import { reportOf } from '../../../src/core/report';
import { emptyState, reduce } from '../../../src/core/state';
import { RunReader } from '../../../src/observe/record/reader';
import { median } from './bench';

export interface EventsResult {
  events: number;
  ms: number;
  /** ms of CPU, those of the garbage collector's threads among them */
  cpuMs: number;
  /** MB in use after garbage collection, above what was in use before, when a tenth, a half and all of the events were read */
  megabytes: number[];
  members: number;
  forgotten: number;
  garbled: number;
  /** ms that a report of everything takes */
  reportMs: number;
  /** ms that the look of each second takes when nothing is written any more */
  lookMs: number;
}

function megabytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

const cpu = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1000;

/** Time since it was made, without the pauses. */
class StopWatch {
  ms = 0;
  cpuMs = 0;
  #since = performance.now();
  #cpuSince = cpu();

  pause(act: () => void): void {
    this.ms += performance.now() - this.#since;
    this.cpuMs += cpu() - this.#cpuSince;
    act();
    this.#since = performance.now();
    this.#cpuSince = cpu();
  }
}

function timeOf(act: () => void): number {
  const began = performance.now();
  act();
  return performance.now() - began;
}

function read(run: string, expected: number): EventsResult {
  const state = emptyState();
  const held: number[] = [];
  const marks = [expected / 10, expected / 2];
  const before = megabytes();
  const watch = new StopWatch();
  let events = 0;
  const reader = new RunReader(run, {
    follow: false,
    onEvents: (batch) => {
      for (const event of batch) reduce(state, event);
      events += batch.length;
      if (events < (marks[0] ?? Infinity)) return;
      marks.shift();
      watch.pause(() => held.push(megabytes() - before));
    },
  });
  reader.readAll();
  watch.pause(() => held.push(megabytes() - before));
  // The first of these let the files of the ended go.
  const looks = Array.from({ length: 20 }, () => timeOf(() => reader.look()));
  reader.close();
  let garbled = 0;
  const reportMs = timeOf(() => (garbled = reportOf(state, reader.counts).problems.garbledLines));
  return { events, ms: watch.ms, cpuMs: watch.cpuMs, megabytes: held, members: state.members.size, forgotten: state.forgotten, garbled, reportMs, lookMs: median(looks) };
}

const [run = '', expected = '0'] = process.argv.slice(2);
console.log(JSON.stringify(read(run, Number(expected))));
