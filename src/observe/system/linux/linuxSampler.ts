import { existsSync, readdirSync } from 'node:fs';
import type { ProcessRef } from '../../../core/events';
import { bootClock, systemUnits, type BootClock } from '../clock';
import { exists } from '../identity';
import { Ledger, type Reading } from '../ledger';
import { describe, endingOf, innerOf, LinuxMember, LinuxProcess, readEnvironment, readPeak, sameImage } from './linuxProcess';
import { PidGate, type Change } from './pidGate';
import { DescriptorBudget, isOutOfDescriptors } from './procFile';
import { parseMark, type StatRow } from './procText';
import type { SamplerOptions, TreeSampler } from '../sampler';

/** A full scan happens at least this often while processes come and go, in ms. */
const sweepEvery = 2_000;
/** Members younger than this are looked at each time: a fork is often followed by an exec, and a failure by an end. In ms. */
const youngFor = 1_000;
const youngAtOnce = 64;
const newest = 32;
/** Descriptions (command line and so on) may take this long at a time, in ms. */
const describeFor = 2;
/** The peak of memory is read once in so many samples: when the process has ended, it cannot be read any more. */
const peakEvery = 10;

const ownPid = process.pid;

/** Found by a scan, not yet known whose it is. */
interface Candidate {
  process: LinuxProcess;
  row: StatRow;
  ours?: boolean;
  /** in the middle of an exec: its environment shows nothing yet */
  unsettled?: boolean;
}

/** The sampler of Linux: reads /proc through kept descriptors. The costs that shaped it are in docs/performance.md. */
export class LinuxSampler implements TreeSampler {
  readonly pace = { membership: 100, numbers: 1_000 };
  private readonly ledger: Ledger;
  private readonly budget = new DescriptorBudget();
  private readonly units = systemUnits();
  private readonly clock: BootClock;
  private readonly members = new Map<number, LinuxMember>();
  /** Processes that are not of the run. One that ended stays here until its pid is given out again. */
  private foreign = new Set<number>();
  /** Sessions and process groups that a member founded. They tell whose an orphan is. */
  private readonly founded = new Set<number>();
  private readonly rootStart: number;
  private unmet: number[] = [];
  private young: LinuxMember[] = [];
  private undescribed: LinuxMember[] = [];
  private round: LinuxMember[] = [];
  private readonly reading: Reading = { ppid: 0, state: '', cpu: 0, rss: 0, threads: 0 };
  private look = 0;
  private sweptAt = -Infinity;
  private unswept = true;
  private describeLeft = describeFor;
  private processes = 0;

  constructor(private readonly options: SamplerOptions, private readonly gate = new PidGate(), clock = bootClock()) {
    this.ledger = new Ledger(options);
    this.clock = clock ?? { bootTime: 0, tickMs: 10 };
    const { pid, start } = options.root;
    const root = this.open(pid);
    this.rootStart = Number(start ?? root?.row.start ?? 0);
    if (root && root.row.start === this.rootStart) this.add(root);
    else root?.process.close();
  }

  get live(): number {
    return this.ledger.live;
  }

  get revision(): number {
    return this.ledger.revision;
  }

  membership(): void {
    this.describeLeft = describeFor;
    const change = this.gate.look();
    this.unswept ||= change.happened;
    const sweep = this.unswept && (this.live === 0 || this.options.now() - this.sweptAt >= sweepEvery);
    const { range } = change;
    if (sweep || (change.happened && !(range && this.isCheaper(range)))) this.scan(change);
    else if (range) this.probe(range);
    if (change.happened) this.unmet = range ? this.unmetOf(range) : [];
    this.watchYoung();
  }

  numbers(count = Infinity): void {
    const t = this.options.now();
    if (count >= this.members.size) this.round = [];
    for (let left = Math.min(count, this.members.size); left > 0; left--) {
      let member = this.round.pop();
      if (!member) {
        this.round = [...this.members.values()].reverse();
        member = this.round.pop();
      }
      if (member && this.members.get(member.pid) === member && this.check(member)) this.sample(member, t);
    }
  }

  details(): boolean {
    this.describeLeft = describeFor;
    while (this.describeLeft > 0) {
      const member = this.undescribed.pop();
      if (!member) return false;
      if (!member.ended) this.describe(member);
    }
    return this.undescribed.length > 0;
  }

  adopt(ref: ProcessRef): void {
    const [pid = 0, start] = ref.split('.').map(Number);
    const held = this.members.get(pid);
    if (held && (start === undefined || held.row.start === start || this.check(held))) return;
    const found = this.open(pid);
    if (!found) return;
    if ((start === undefined || found.row.start === start) && this.isOurs(found, new Map())) this.add(found);
    else found.process.close();
  }

  knows(ref: ProcessRef): boolean {
    const member = this.members.get(Number.parseInt(ref, 10));
    return member?.ref === ref && !member.ended;
  }

  close(): void {
    for (const member of this.members.values()) member.process.close();
    this.members.clear();
  }

  // Finding members

  /** Measured, in the cost of asking for a member: a pid to look at is about 8, one that is only listed 1.5. */
  private isCheaper([first, last]: readonly [number, number]): boolean {
    return (last - first) * 8 + this.members.size < Math.max(this.processes, 100) * 1.5;
  }

  /** Looks at every process of the machine that was not known before. */
  private scan(change: Change): void {
    const listed = this.list();
    if (!listed) return;
    this.look++;
    if (!this.gate.trustworthy || this.foreign.size > 2 * listed.length + 1_000) this.foreign = new Set();
    this.processes = listed.length;
    this.sweptAt = this.options.now();
    this.unswept = false;
    const found = new Map<number, Candidate>();
    for (const name of listed) {
      const pid = Number(name);
      if (!(pid > 0)) continue;
      const member = this.members.get(pid);
      if (member) {
        member.look = this.look;
        if (!change.given(pid) || this.check(member)) continue;
      } else if (this.foreign.has(pid) && !change.given(pid)) continue;
      const candidate = this.open(pid);
      if (candidate) found.set(pid, candidate);
    }
    for (const member of this.members.values()) if (member.look !== this.look) this.check(member);
    this.sort(found);
  }

  /** The names under /proc; undefined, and to be asked again, while the system has no descriptor for it. */
  private list(): string[] | undefined {
    try {
      return readdirSync('/proc');
    } catch (error) {
      if (isOutOfDescriptors(error) && this.budget.exhaust()) return this.list();
      this.unswept = true;
      return undefined;
    }
  }

  /**
   * Looks at the pids that were given out since the last look: whatever was forked, by whichever thread and however
   * orphaned by now, has one of them. Threads have the others.
   */
  private probe([first, last]: readonly [number, number]): void {
    const found = new Map<number, Candidate>();
    const pids = this.unmet;
    for (let pid = first; pid <= last; pid++) pids.push(pid);
    for (const pid of pids) {
      const member = this.members.get(pid);
      if ((member && this.check(member)) || !existsSync(`/proc/${pid}`)) continue;
      const candidate = this.open(pid);
      if (candidate?.row.exitSignal === -1) this.dismiss(candidate);
      else if (candidate) found.set(pid, candidate);
    }
    for (const member of this.members.values()) if (!exists(member.pid)) this.check(member);
    this.sort(found);
  }

  /** A pid is given out a moment before its process can be seen, so the newest that nobody had are looked for once more. */
  private unmetOf([first, last]: readonly [number, number]): number[] {
    const pids: number[] = [];
    for (let pid = Math.max(first, last - newest); pid <= last; pid++) if (!this.members.has(pid) && !this.foreign.has(pid)) pids.push(pid);
    return pids;
  }

  /** Takes in the candidates that are of the run. */
  private sort(found: Map<number, Candidate>): void {
    // A pid is given out again only when no session and no group has that number any more.
    for (const pid of found.keys()) this.founded.delete(pid);
    for (const candidate of found.values()) {
      if (this.isOurs(candidate, found)) this.add(candidate);
      else this.dismiss(candidate);
    }
  }

  private open(pid: number): Candidate | undefined {
    const process = new LinuxProcess(pid, this.budget);
    const row = process.row();
    if (row && row !== 'gone') return { process, row };
    process.close();
    // What could not be read now is looked for again.
    if (!row) this.unswept = true;
    return undefined;
  }

  /** By its parent, by the session or group that a member founded, or by the mark that the run's environment carries. */
  private isOurs(candidate: Candidate, found: Map<number, Candidate>): boolean {
    const { row, process } = candidate;
    if (candidate.ours !== undefined) return candidate.ours;
    candidate.ours = false;
    if (row.kernelThread || row.start < this.rootStart || process.pid === ownPid) return false;
    const parent = found.get(row.ppid);
    candidate.ours = this.members.has(row.ppid) || (parent !== undefined && this.isOurs(parent, found))
      || row.sid === this.options.sessionId || this.founded.has(row.sid) || this.founded.has(row.pgid)
      || this.isMarked(candidate);
    return candidate.ours;
  }

  private isMarked(candidate: Candidate): boolean {
    const environment = readEnvironment(candidate.process.pid);
    candidate.unsettled = environment?.length === 0 && this.age(candidate.row) < youngFor;
    return environment !== undefined && parseMark(environment)?.runDirectory === this.options.runDirectory;
  }

  private dismiss({ process, unsettled }: Candidate): void {
    process.close();
    if (unsettled) this.unswept = true;
    else this.foreign.add(process.pid);
  }

  private startOf(row: StatRow): number {
    return this.clock.bootTime + row.start * this.clock.tickMs;
  }

  private age(row: StatRow): number {
    return this.options.now() - this.startOf(row);
  }

  private add({ process, row }: Candidate): void {
    const { pid } = process;
    const member = new LinuxMember(process, row, this.startOf(row), innerOf(pid, this.members.get(row.ppid)?.inner));
    member.look = this.look;
    this.members.set(pid, member);
    this.foreign.delete(pid);
    this.noteFounder(member);
    this.ledger.met();
    this.young.push(member);
    this.describe(member);
    if (member.isZombie) this.ledger.zombie(member, endingOf(row));
  }

  private noteFounder({ pid, row }: LinuxMember): void {
    if (row.sid === pid || row.pgid === pid) this.founded.add(pid);
  }

  // Following members

  /** Reads a member's row anew and tells what changed in it; false when the member is gone. */
  private check(member: LinuxMember): boolean {
    const before = member.row;
    const row = member.process.row(member.spare);
    if (row === undefined) return true;
    if (row === 'gone' || row.start !== before.start) {
      this.remove(member);
      return false;
    }
    member.row = row;
    member.spare = before;
    if (before.ppid !== row.ppid) this.takenOver(member);
    if (member.ended) return true;
    member.note(row.cpuTicks / this.units.ticksPerSecond, row.pages * this.units.pageSize);
    if (member.isZombie) this.ledger.zombie(member, endingOf(row, before));
    else if (!sameImage(before, row)) this.describe(member);
    else if (before.pgid !== row.pgid || before.sid !== row.sid) this.ledger.seen(member, row);
    if (before.pgid !== row.pgid || before.sid !== row.sid) this.noteFounder(member);
    return true;
  }

  /** Its parent has ended. Who gets it is a subreaper, or where there is none the first process of its pid namespace (`forget_original_parent` in the kernel's exit.c). */
  private takenOver(member: LinuxMember): void {
    const { ppid } = member.row;
    const depth = member.inner.pids.length;
    const taker = depth === 0 ? ppid : (this.members.get(ppid)?.inner ?? innerOf(ppid)).pids[depth - 1];
    member.reaper = taker === 1 ? 'init' : 'subreaper';
    this.ledger.seen(member, member.row);
  }

  private remove(member: LinuxMember): void {
    member.process.close();
    this.members.delete(member.pid);
    this.ledger.gone(member);
    // Its children have another parent now, and what it left unseen can only be found among all processes.
    this.unswept = true;
    for (const other of this.members.values()) if (other.row.ppid === member.pid) this.check(other);
  }

  private sample(member: LinuxMember, t: number): void {
    if (member.ended) return;
    const reading = member.readInto(this.reading, this.units);
    if (member.untilPeak-- <= 0) {
      member.untilPeak = peakEvery;
      // Who used no CPU time has touched no memory.
      if (reading.cpu !== member.cpuAtPeak) member.note(reading.cpu, readPeak(member.pid));
      member.cpuAtPeak = reading.cpu;
    }
    this.ledger.sample(member, reading, t);
  }

  private watchYoung(): void {
    this.young = this.young.filter((member) => !member.ended && this.age(member.row) < youngFor).slice(-youngAtOnce);
    for (const member of this.young) this.check(member);
  }

  /** Tells of a member with all that is known of its image; when many came at once, with the details later. */
  private describe(member: LinuxMember): void {
    if (this.describeLeft > 0) {
      const began = performance.now();
      member.description = describe(member.pid, member.row.comm);
      this.describeLeft -= performance.now() - began;
    } else {
      member.description = { comm: member.row.comm };
      this.undescribed.push(member);
    }
    this.ledger.seen(member, member.row);
  }

}
