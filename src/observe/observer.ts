import type { FSWatcher } from 'node:fs';
import type { Event, GoneEvent, ProcessRef, SampleEvent } from '../core/events';
import { findingsOf } from '../core/findings/rules';
import { KeptMembers, membersOf, type Member } from '../core/members';
import { reportOf, type Report } from '../core/report';
import { emptyState, reduce, type RunState } from '../core/state';
import type { EventFile, UnsignedEvent } from './record/eventFile';
import { isHere, isListed, isSame } from './system/identity';
import { attentionOf, watchLeases } from './record/lease';
import { MemoryKills } from './system/linux/memoryKills';
import { hasOwnProc } from './system/linux/ownProc';
import { replaceFile } from './record/ownFiles';
import { RunReader } from './record/reader';
import { liveOf } from './record/runDirectory';
import { createSampler } from './system/createSampler';
import { SamplerSchedule } from './system/samplerSchedule';
import type { SamplerEvent, TreeSampler } from './system/sampler';

export interface ObserverOptions {
  run: string;
  /** this process */
  id: ProcessRef;
  /** the root, as the launcher started it */
  root: ProcessRef;
  /** ms between looks at the membership; 0: the operating system is not asked at all */
  poll?: number;
  /** a session that holds members of the run only */
  sessionId?: number;
}

/** How often the members that the probes told of are compared with those that the operating system shows. */
const reconcileEvery = 1_000;
/** A process of another pid namespace that no look has found for so long is not there any more, in ms: a look comes every 5 s at least. */
const innerPatience = 10_000;

const noProc = 'Processes can\'t be seen from outside here, because /proc belongs to another pid namespace: the tree is what the programs themselves tell. Mount one of its own (unshare --mount-proc).';

/**
 * Observes one run from outside until its last member has ended: samples the operating system, writes what it finds as
 * events, keeps the table of numbers for those who look, and folds everything into a state of its own. Without a file it
 * writes nothing at all.
 */
export class Observer {
  readonly #state = emptyState();
  readonly #kept = new KeptMembers();
  readonly #reader: RunReader;
  readonly #file: EventFile | undefined;
  readonly #sampler: TreeSampler | undefined;
  readonly #schedule: SamplerSchedule | undefined;
  readonly #memoryKills: MemoryKills;
  /** the newest numbers of the living: told when somebody asks, not folded one by one */
  readonly #numbers = new Map<ProcessRef, SampleEvent>();
  /** of zombies: when their numbers last changed */
  readonly #activity = new Map<ProcessRef, number>();
  /** of whom a probe has told, but who do not belong to the run as far as the operating system shows */
  #strangers = new Set<ProcessRef>();
  /** the state as it was when it was last compared with the process table */
  #reconciled = -1;
  #leases: FSWatcher | undefined;
  #timer: NodeJS.Timeout;
  #tableTimer: NodeJS.Timeout | undefined;
  #waiting: (() => void)[] = [];
  #closed = false;

  constructor(private readonly options: ObserverOptions, file: EventFile | undefined) {
    this.#file = file;
    this.#memoryKills = new MemoryKills(hasOwnProc() ? parseInt(options.root, 10) : 'self', Date.now);
    this.#reader = new RunReader(options.run, { follow: false, onEvents: (events) => this.#fold(events) });
    if (options.poll !== 0) this.#sampler = this.#createSampler();
    if (this.#sampler) {
      this.#schedule = new SamplerSchedule(this.#sampler, options.poll === undefined ? { mode: 'hidden' } : { pace: { membership: options.poll } });
      if (file) this.#leases = watchLeases(options.run, () => this.#attend());
      this.#attend();
      this.#schedule.start();
    }
    this.#timer = setInterval(() => this.#reconcile(), reconcileEvery);
    this.#timer.unref();
  }

  #createSampler(): TreeSampler | undefined {
    const { run, root, id, sessionId } = this.options;
    const [pid = '', start] = root.split('.');
    const sampler = createSampler({
      root: { pid: Number(pid), ...(start === undefined ? {} : { start }) },
      runDirectory: run, id, now: Date.now, emit: (event) => this.#sampled(event), ...(sessionId === undefined ? {} : { sessionId }),
    });
    if (!sampler) this.tell({ e: 'problem', t: Date.now(), kind: 'proc', message: noProc });
    return sampler;
  }

  /** Writes an event and folds it, so that a full disk does not hide it from this process. */
  tell(event: UnsignedEvent): void {
    this.#file?.write(event);
    reduce(this.#state, { id: this.options.id, ...event });
    // When the root ends, much else does.
    if (event.e === 'rootExit') setImmediate(() => void this.report());
  }

  #fold(events: readonly Event[]): void {
    for (const event of events) reduce(this.#state, event);
  }

  #sampled(event: SamplerEvent): void {
    if (event.e === 'sample') {
      this.#numbers.set(event.child, event);
      if (this.#file) this.#tableTimer ??= setTimeout(() => this.#writeTable(), 50);
      return;
    }
    const told = event.e === 'gone' ? this.#withLastActivity(event) : event;
    if (event.e === 'zombie') this.#activeBefore(event.child);
    if (event.e === 'gone' || event.e === 'zombie') this.#numbers.delete(event.child);
    reduce(this.#state, told);
    this.#file?.write(told);
  }

  /** Keeps for a zombie when its numbers last changed, until it is gone. */
  #activeBefore(child: ProcessRef): void {
    const last = this.#numbers.get(child);
    if (last) this.#activity.set(child, last.t);
  }

  #withLastActivity(event: GoneEvent): GoneEvent {
    const active = this.#numbers.get(event.child)?.t ?? this.#activity.get(event.child);
    this.#activity.delete(event.child);
    return active === undefined ? event : { ...event, active };
  }

  /** Numbers are a table that is replaced, not a log that grows. Nobody looks: nothing is written. */
  #writeTable(): void {
    this.#tableTimer = undefined;
    if (this.#closed || attentionOf(this.options.run) === undefined) return;
    try {
      replaceFile(liveOf(this.options.run), `${[...this.#numbers.values()].map((sample) => JSON.stringify(sample)).join('\n')}\n`);
    } catch {
      // Full or gone: the reader says so.
    }
  }

  #attend(): void {
    if (!this.#file) return;
    const attention = attentionOf(this.options.run);
    this.#schedule?.setMode(attention ?? (this.options.poll === undefined ? 'hidden' : 'visible'));
  }

  /** Ends members whose end nobody told, and hands the sampler those that only a probe knows of. */
  #reconcile(): void {
    this.#reader.look();
    const killed = this.#memoryKills.look();
    if (killed) this.tell({ e: 'outOfMemory', t: Date.now(), ...killed });
    if (this.#reconciled !== this.#state.version) this.#compare();
    this.#attend();
    if (this.#waiting.length > 0 && this.live === 0) for (const done of this.#waiting.splice(0)) done();
  }

  #compare(): void {
    this.#reconciled = this.#state.version;
    const strangers = new Set<ProcessRef>();
    for (const member of membersOf(this.#state, this.#kept)) {
      const { id, endedAt } = member;
      if (endedAt !== null || this.#sampler?.knows(id)) continue;
      if (!isHere(member)) this.#compareInner(member);
      // A zombie is still there: what it ended with is the sampler's to tell.
      else if (!isListed(id)) this.tell({ e: 'gone', t: Date.now(), child: id });
      else {
        this.#adopt(id);
        const isUnknown = this.#sampler?.knows(id) === false;
        if (isUnknown && isSame(id)) strangers.add(id);
        // A zombie shows nothing any more by which it would belong to the run, and nobody else would tell of it.
        else if (isUnknown) this.tell({ e: 'gone', t: Date.now(), child: id });
      }
      if (!this.#sampler?.knows(id)) this.#reconciled = -1;
    }
    this.#strangers = strangers;
  }

  /** The sampler sees every process of an inner pid namespace, and tells its inner name. */
  #compareInner({ id, inner, startedAt }: Member): void {
    if (inner && this.#sampler && startedAt + innerPatience < Date.now()) this.tell({ e: 'gone', t: Date.now(), child: id });
  }

  #adopt(id: ProcessRef): void {
    this.#sampler?.adopt(id);
    this.#schedule?.start();
  }

  /** Everything that is known, folded from the events that were read so far. */
  get state(): RunState {
    return this.#state;
  }

  /** The members, as of the events that were read so far. */
  members(): Member[] {
    return membersOf(this.#state, this.#kept);
  }

  /** How many members ran, or were ready to, when they were last looked at. */
  get running(): number {
    return [...this.#numbers.values()].filter(({ state }) => state === 'R').length;
  }

  /** Reads what the probes have written since the last look. */
  refresh(): void {
    this.#reader.look();
  }

  /** Members that have not ended, as far as is known now. */
  get live(): number {
    const told = membersOf(this.#state, this.#kept).filter((member) => member.endedAt === null && isHere(member) && !this.#strangers.has(member.id)).length;
    return Math.max(told, this.#sampler?.live ?? 0);
  }

  /** Resolves when no member is alive. */
  async allEnded(): Promise<void> {
    this.#reconcile();
    if (this.live > 0) await new Promise<void>((done) => {
      this.#waiting.push(done);
      this.#timer.ref();
    });
  }

  /** Looks once more at everything, and says what is known. */
  async report(): Promise<Report> {
    await this.#sampler?.membership();
    this.#reader.readAll();
    this.#reconcile();
    for (const sample of this.#numbers.values()) reduce(this.#state, sample);
    return reportOf(this.#state, this.#reader.counts, this.#kept, (members) => findingsOf(this.#state, members, Date.now()));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#tableTimer);
    this.#leases?.close();
    this.#schedule?.stop();
    this.#sampler?.close();
    this.#reader.close();
  }
}
