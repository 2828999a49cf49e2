import { closeSync, fstatSync, readdirSync, readSync, statfsSync, statSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../core/errors';
import type { Event, ProcessRef, SampleEvent } from '../../core/events';
import { parseEvent } from '../../core/parse';
import type { LineCounts } from '../../core/report';
import { readableLine } from './readable';
import { openRegular } from './regularFile';
import { eventsOf, liveOf } from './runDirectory';
import { mayTell, writerOf, type Writer } from './writers';

/** Lines longer than this are dropped and counted. The probes write far shorter ones. */
const longestLine = 256 * 1024;
/** Bytes of such lines, after which a record is read no further: a file may be a hole of any size, at no cost to who made it. */
const mostSkipped = 1024 ** 3;
/** So much is read before others get their turn: a few milliseconds of parsing. */
const slice = 512 * 1024;
/** The safety net under fs.watch: lost notifications, network file systems. */
const slowPoll = 1_000;
/** The same where the system has no watch left to give (inotify's limits). */
const blindPoll = 300;
/** Looks at a file that has not grown since its writer's end, after which it is let go. */
const lastLooks = 5;
/** A directory's time may be as coarse as this (ms: FAT), so that a change right after a look does not show in it. */
const coarsest = 2_000;
/** Every so many looks the directory is listed whatever its time says. */
const listEvery = 30;

const nothing = Buffer.alloc(0);

interface Tail {
  writer: Writer;
  offset: number;
  /** the beginning of a line whose end is not yet written */
  partial: Buffer;
  /** the line is too long: skip to its end */
  skipping: boolean;
  /** looks without growth since its writer has ended; undefined: it lives, for all that is known */
  quiet: number | undefined;
}

/** The process whose end an event tells. It may yet say a last word: of its `exit` it tells while it goes. */
function endedBy(event: Event): string | undefined {
  if (event.e === 'exit') return event.id;
  return event.e === 'reap' || event.e === 'gone' || event.e === 'rootExit' ? event.child : undefined;
}

export interface ReaderOptions {
  /** watch for changes (default); false: only {@link RunReader.look} and {@link RunReader.readAll} read */
  follow?: boolean;
  /** the run directory is gone: true where that is as it should be, else it becomes a problem of the record */
  onVanished?: () => boolean;
  onEvents(events: Event[]): void;
}

/**
 * Follows the event files of a run directory. Torn, garbled and unknown lines are counted in {@link counts} and
 * never stop it; a line that is half written is read when its end is there.
 */
export class RunReader {
  readonly counts: LineCounts = { garbled: 0, unknown: 0 };
  readonly #tails = new Map<string, Tail>();
  /** how far the files were read that are not looked at any more, since their writers have ended */
  readonly #letGo = new Map<string, number>();
  /** files of processes whose end was told since all was read last */
  readonly #ended = new Set<string>();
  #listed = { at: 0, modified: -1, looks: 0 };
  readonly #pending = new Set<string>();
  readonly #buffer = Buffer.allocUnsafe(64 * 1024);
  /** the lines of the table of numbers that were read last */
  #table = new Set<string>();
  /** when the numbers of each process were told last */
  readonly #sampledAt = new Map<ProcessRef, number>();
  #watchers: FSWatcher[] = [];
  #isBlind = false;
  #timer: NodeJS.Timeout | undefined;
  #scheduled: NodeJS.Immediate | undefined;
  #closed = false;
  #full = false;
  /** bytes of lines that were too long */
  #skipped = 0;
  #vanished = false;

  constructor(public run: string, private readonly options: ReaderOptions) {
    if (options.follow === false) return;
    this.#watch(eventsOf(run), (name) => name.endsWith('.ndjson') && this.#pending.add(name));
    this.#watch(run, (name) => name === 'live.ndjson' && this.#pending.add(name));
    this.#poll();
  }

  #watch(folder: string, note: (name: string) => unknown): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_kind, name) => {
        if (name === null) this.#find(true);
        else note(name);
        this.#schedule();
      });
      watcher.on('error', () => {
        watcher.close();
        this.#isBlind = true;
      });
      this.#watchers.push(watcher);
    } catch {
      this.#isBlind = true;
    }
  }

  #schedule(): void {
    if (!this.#closed) this.#scheduled ??= setImmediate(() => this.#readSome());
  }

  #poll(): void {
    this.#find(false);
    this.#schedule();
    this.#checkSpace();
    this.#timer = setTimeout(() => this.#poll(), this.#isBlind ? blindPoll : slowPoll);
    this.#timer.unref();
  }

  /** Notes every file that has grown; `all`: also of those that were let go. */
  #find(all: boolean): void {
    try {
      if (this.#isToBeListed() || all) this.#list();
      this.#vanished = false;
    } catch (error) {
      this.#listed.modified = -1;
      if (codeOf(error) === 'ENOENT' && !this.#vanished) {
        this.#vanished = true;
        if (!this.options.onVanished?.()) this.#problem('vanished', 'The run directory is gone: observation has stopped. The program goes on.');
      }
      return;
    }
    for (const [name, tail] of this.#tails) {
      if (this.#hasGrown(name, tail.offset)) {
        this.#pending.add(name);
        if (tail.quiet !== undefined) tail.quiet = 0;
      } else if (tail.quiet !== undefined && !tail.partial.length && !tail.skipping && ++tail.quiet >= lastLooks) {
        this.#tails.delete(name);
        this.#letGo.set(name, tail.offset);
      }
    }
    if (all) for (const [name, offset] of this.#letGo) if (this.#hasGrown(name, offset)) this.#pending.add(name);
    this.#pending.add('live.ndjson');
  }

  /** Whether there may be new files: the directory has changed, or may have without showing it. */
  #isToBeListed(): boolean {
    const { at, modified, looks } = this.#listed;
    const { mtimeMs } = statSync(eventsOf(this.run));
    this.#listed.looks++;
    this.#listed.modified = mtimeMs;
    return mtimeMs !== modified || at - mtimeMs < coarsest || looks >= listEvery;
  }

  #list(): void {
    Object.assign(this.#listed, { at: Date.now(), looks: 0 });
    for (const name of readdirSync(eventsOf(this.run))) {
      if (name.endsWith('.ndjson') && !this.#tails.has(name) && !this.#letGo.has(name)) this.#pending.add(name);
    }
  }

  #hasGrown(name: string, offset: number): boolean {
    try {
      return statSync(join(eventsOf(this.run), name)).size > offset;
    } catch {
      // It went between two looks.
      return false;
    }
  }

  #checkSpace(): void {
    if (this.#full) return;
    try {
      this.#full = statfsSync(this.run).bavail === 0;
    } catch {
      return;
    }
    if (this.#full) this.#problem('full', 'The disk of the run directory is full: observation has stopped. The program goes on.');
  }

  #problem(kind: string, message: string): void {
    this.options.onEvents([{ e: 'problem', id: `${process.pid}.0`, t: Date.now(), kind, message }]);
  }

  #readSome(): void {
    this.#scheduled = undefined;
    if (this.#closed) return;
    const events: Event[] = [];
    let budget = slice;
    for (const name of this.#pending) {
      this.#pending.delete(name);
      budget -= name === 'live.ndjson' ? this.#readLive(events) : this.#readTail(name, events, budget);
      if (budget <= 0) break;
    }
    for (const event of events) {
      const writer = endedBy(event);
      if (writer !== undefined) this.#ended.add(`${writer}.ndjson`);
    }
    if (events.length) this.options.onEvents(events);
    if (this.#pending.size) this.#schedule();
    else this.#markEnded();
  }

  /** Only when all was read: until then, a file of which the end was told may not have been met. */
  #markEnded(): void {
    for (const name of this.#ended) {
      const tail = this.#tails.get(name);
      if (tail) tail.quiet ??= 0;
    }
    this.#ended.clear();
  }

  /** Reads what is new now, at once; but for late words of processes that have ended some looks ago. */
  look(): void {
    this.#read(false);
  }

  /** Reads everything that is there now, at once. */
  readAll(): void {
    this.#read(true);
  }

  #read(all: boolean): void {
    this.#find(all);
    this.#checkSpace();
    while (this.#pending.size && !this.#closed) {
      this.#readSome();
    }
  }

  #readTail(name: string, events: Event[], budget: number): number {
    let tail = this.#tails.get(name);
    if (!tail) {
      const offset = this.#letGo.get(name);
      this.#letGo.delete(name);
      this.#tails.set(name, (tail = { writer: writerOf(name), offset: offset ?? 0, partial: nothing, skipping: false, quiet: offset === undefined ? undefined : 0 }));
    }
    let descriptor: number | undefined;
    let total = 0;
    try {
      descriptor = openRegular(join(eventsOf(this.run), name));
      while (total < budget && this.#skipped < mostSkipped) {
        const length = readSync(descriptor, this.#buffer, 0, this.#buffer.length, tail.offset);
        if (length === 0) return total;
        tail.offset += length;
        total += length;
        this.#split(tail, this.#buffer.subarray(0, length), events);
      }
      if (this.#skipped < mostSkipped) this.#pending.add(name);
    } catch {
      // Gone, or not ours to read: what was read stays.
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
    return total;
  }

  #split(tail: Tail, chunk: Buffer, events: Event[]): void {
    const last = chunk.lastIndexOf(10);
    let from = 0;
    if (last !== -1) {
      if (tail.skipping || tail.partial.length) {
        from = chunk.indexOf(10) + 1;
        if (!tail.skipping) this.#line(tail.writer, Buffer.concat([tail.partial, chunk.subarray(0, from - 1)]).toString('utf8'), events);
        tail.skipping = false;
        tail.partial = nothing;
      }
      // One text for all, because each call out of JavaScript costs more than a line.
      for (const line of chunk.toString('utf8', from, last).split('\n')) this.#line(tail.writer, line, events);
      from = last + 1;
    }
    if (tail.skipping) {
      this.#skip(chunk.length - from);
      return;
    }
    const rest = chunk.subarray(from);
    if (tail.partial.length + rest.length > longestLine) {
      tail.skipping = true;
      tail.partial = nothing;
      this.counts.garbled++;
    } else if (rest.length) tail.partial = Buffer.concat([tail.partial, rest]);
  }

  #skip(bytes: number): void {
    const before = this.#skipped;
    this.#skipped += bytes;
    if (before < mostSkipped && this.#skipped >= mostSkipped) this.#problem('garbled', 'The record holds lines of more than 1 GB that no version of Procession writes. The rest of it is not read.');
  }

  #line(writer: Writer, line: string, events: Event[]): void {
    if (line === '') return;
    const event = parseEvent(readableLine(line));
    if (event === 'unknown') this.counts.unknown++;
    else if (event === 'garbled' || !mayTell(writer, event)) this.counts.garbled++;
    else events.push(event);
  }

  /** The table of numbers is replaced as a whole, not appended to: most of its lines are those of the last time. */
  #readLive(events: Event[]): number {
    let descriptor: number | undefined;
    try {
      descriptor = openRegular(liveOf(this.run));
      const { size } = fstatSync(descriptor);
      const bytes = Buffer.allocUnsafe(Math.min(size, 8 * slice));
      const length = readSync(descriptor, bytes, 0, bytes.length, 0);
      const table = new Set(bytes.toString('utf8', 0, length).split('\n'));
      for (const line of table) {
        const event = this.#table.has(line) ? 'unknown' : parseEvent(line);
        if (typeof event !== 'string' && event.e === 'sample') events.push(this.#newest(event));
      }
      this.#table = table;
      // Those of processes that ended long ago.
      if (this.#sampledAt.size > 2 * table.size + 1_000) this.#sampledAt.clear();
      return length;
    } catch {
      return 0;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  /** The table that is read last is the newest, whatever the clock says that was set back: its numbers win over those before. */
  #newest(sample: SampleEvent): SampleEvent {
    const before = this.#sampledAt.get(sample.child) ?? -Infinity;
    const t = Math.max(sample.t, before + 1);
    this.#sampledAt.set(sample.child, t);
    return t === sample.t ? sample : { ...sample, t };
  }

  /** The directory lies elsewhere now, and nothing more will come: what was not read yet is read there. */
  moveTo(run: string): void {
    this.run = run;
    this.readAll();
    this.close();
  }

  /** Stops following. A line whose end never came counts as garbled. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const watcher of this.#watchers) watcher.close();
    clearTimeout(this.#timer);
    if (this.#scheduled) clearImmediate(this.#scheduled);
    for (const tail of this.#tails.values()) if (tail.partial.length) this.counts.garbled++;
  }
}
