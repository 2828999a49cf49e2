import type { Ending, ProcessRef, SeenEvent } from '../../core/events';
import type { SamplerOptions } from './sampler';

/** What one look told about a live process. CPU in seconds so far, memory in bytes. */
export interface Reading {
  ppid: number;
  state: string;
  cpu: number;
  rss: number;
  threads?: number;
}

/** A reading with the share of one core that the process has now. */
export interface Sample extends Reading {
  load?: number;
}

/** Whose child a process is, and in which process group and session; numbers that are not positive are not known. */
export interface Kin {
  ppid: number;
  pgid?: number;
  sid?: number;
}

/** What is read once for each image that a process runs. */
export interface Description {
  comm?: string;
  argv?: string[];
  cwd?: string;
  exe?: string;
  parent?: ProcessRef;
}

/** A load is worked out over at least this long, because CPU time advances in steps of 10 ms. */
const shortestLoad = 200;
/** A process that is older than this when first read has a past that says nothing about its load now. */
const young = 2_000;

/** One process of the run: what was read of it, and what of that was told. */
export class Entry {
  description: Description = {};
  /** what it is called inside its own pid namespace, where that is not ours */
  names: { innerPid?: number; aliases?: ProcessRef[] } = {};
  /** who has taken it over from its parent, which has ended */
  reaper: SeenEvent['reaper'];
  ended = false;
  /** CPU seconds and peak memory in bytes, as last read; undefined before the first reading */
  totals: { cpu: number; rss: number } | undefined;
  private told: Sample | undefined;
  private measured: { t: number; cpu: number; load: number | undefined } | undefined;

  constructor(readonly ref: ProcessRef, readonly startedAt?: number) {}

  /** Takes in a reading without telling of it. */
  note(cpu: number, rss: number): void {
    this.totals ??= { cpu, rss };
    this.totals.cpu = cpu;
    if (rss > this.totals.rss) this.totals.rss = rss;
  }

  /** Takes in a reading made at `t` (ms), which it copies; the sample to tell of, or undefined when it says nothing new. */
  sample(t: number, reading: Reading): Sample | undefined {
    this.note(reading.cpu, reading.rss);
    const load = this.measure(t, reading.cpu);
    const { told } = this;
    if (told?.cpu === reading.cpu && told.rss === reading.rss && told.state === reading.state && told.load === load
      && told.threads === reading.threads && told.ppid === reading.ppid) return undefined;
    this.told = load === undefined ? { ...reading } : { ...reading, load };
    return this.told;
  }

  /** Share of a core since the last measurement, or since birth. */
  private measure(t: number, cpu: number): number | undefined {
    const born = this.startedAt !== undefined && t - this.startedAt < young ? { t: this.startedAt, cpu: 0 } : undefined;
    const since = this.measured ?? born;
    if (since && t - since.t < shortestLoad) return this.measured?.load;
    const load = since && Math.max(0, Math.round(((cpu - since.cpu) * 1e6) / (t - since.t)) / 1000);
    this.measured ??= { t, cpu, load };
    this.measured.t = t;
    this.measured.cpu = cpu;
    this.measured.load = load;
    return load;
  }
}

/** Writes what a sampler finds as events. */
export class Ledger {
  live = 0;
  revision = 0;

  constructor(private readonly options: Pick<SamplerOptions, 'id' | 'now' | 'emit'>) {}

  /** A process was met. */
  met(): void {
    this.live++;
    this.revision++;
  }

  /** Tells of a new process, or of a known one whose parent, group, session or image changed. */
  seen(entry: Entry, { ppid, pgid = 0, sid = 0 }: Kin): void {
    const startedAt = entry.startedAt === undefined ? {} : { startedAt: entry.startedAt };
    const reaper = entry.reaper === undefined ? {} : { reaper: entry.reaper };
    const kin = { ppid, ...(pgid > 0 ? { pgid } : {}), ...(sid > 0 ? { sid } : {}) };
    this.options.emit({ e: 'seen', ...this.base(), child: entry.ref, ...kin, ...entry.description, ...startedAt, ...entry.names, ...reaper });
  }

  /** Tells of a reading if it says anything new. */
  sample(entry: Entry, reading: Reading, t = this.options.now()): void {
    const sample = entry.sample(t, reading);
    if (sample) this.options.emit({ e: 'sample', t, id: this.options.id, child: entry.ref, ...sample });
  }

  /** The process ended and waits to be reaped. */
  zombie(entry: Entry, ending: Ending): void {
    this.end(entry);
    this.options.emit({ e: 'zombie', ...this.base(), child: entry.ref, ...ending });
  }

  /** The process is in the process table no longer. */
  gone(entry: Entry): void {
    this.end(entry);
    this.options.emit({ e: 'gone', ...this.base(), child: entry.ref, ...entry.totals });
  }

  private end(entry: Entry): void {
    if (!entry.ended) this.live--;
    entry.ended = true;
    this.revision++;
  }

  private base(): { t: number; id: ProcessRef } {
    return { t: this.options.now(), id: this.options.id };
  }
}
