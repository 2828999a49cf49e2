import type { ProcessRef } from '../../core/events';
import { exists } from './identity';
import { Entry, Ledger } from './ledger';
import type { SamplerOptions, TreeSampler } from './sampler';

/** One process of the machine, as a program that lists all of them tells it. What it does not tell is absent. */
export interface ProcessRow {
  pid: number;
  ppid: number;
  name: string;
  pgid?: number;
  state?: string;
  /** seconds */
  cpu?: number;
  /** bytes */
  rss?: number;
  argv?: string[];
  exe?: string;
  /** ms since the epoch, to the second */
  startedAt?: number;
}

class ListedMember extends Entry {
  constructor(ref: ProcessRef, public row: ProcessRow) {
    super(ref, row.startedAt);
  }
}

/** `ps` counts whole seconds, and works the start out anew each time: the same process may seem to move by one. */
const sameSecond = 1_500;

const sameProcess = (a: ProcessRow, b: ProcessRow): boolean =>
  a.startedAt === undefined || b.startedAt === undefined ? a.name === b.name : Math.abs(a.startedAt - b.startedAt) <= sameSecond;
const startedBefore = (a: ProcessRow, b: ProcessRow): boolean =>
  a.startedAt === undefined || b.startedAt === undefined || a.startedAt <= b.startedAt + sameSecond;

/**
 * The sampler of systems without /proc: compares whole lists of processes. Such a list comes from another program, takes
 * milliseconds to seconds and misses what lives shorter than the time between two of them; the probes tell of those.
 */
export class ListingSampler implements TreeSampler {
  readonly pace = { membership: 2_000, numbers: 2_000 };
  private readonly ledger: Ledger;
  private readonly members = new Map<number, ListedMember>();
  /** identities that probes told, by pid */
  private readonly told = new Map<number, ProcessRef>();
  /** what was there and not of the run: a stale parent pid must not make it a child later */
  private foreign = new Map<number, ProcessRow>();
  private current: Promise<void> | undefined;
  private rootIsDue = true;

  constructor(private readonly options: SamplerOptions, private readonly list: () => Promise<ProcessRow[]>) {
    this.ledger = new Ledger(options);
    const { pid, start } = options.root;
    if (start !== undefined) this.told.set(pid, `${pid}.${start}`);
  }

  /** The root counts from the beginning on, although the first list is still to come. */
  get live(): number {
    return this.ledger.live + (this.rootIsDue ? 1 : 0);
  }

  get revision(): number {
    return this.ledger.revision;
  }

  /** Takes a list and compares; while one is on its way, waits for that one. */
  membership(): Promise<void> {
    this.current ??= this.list()
      .then((rows) => this.compare(rows), () => this.probeLife())
      .finally(() => { this.current = undefined; });
    return this.current;
  }

  /** The numbers come with the list. */
  numbers(): void {}

  details(): boolean {
    return false;
  }

  adopt(ref: ProcessRef): void {
    const pid = Number.parseInt(ref, 10);
    if (this.knows(ref) || !(pid > 0)) return;
    this.told.set(pid, ref);
    this.foreign.delete(pid);
  }

  knows(ref: ProcessRef): boolean {
    const member = this.members.get(Number.parseInt(ref, 10));
    return member?.ref === ref && !member.ended;
  }

  close(): void {
    this.members.clear();
    this.told.clear();
  }

  private compare(rows: ProcessRow[]): void {
    const listed = new Map(rows.map((row) => [row.pid, row]));
    for (const [pid, member] of this.members) {
      const row = listed.get(pid);
      if (row && sameProcess(row, member.row)) this.follow(member, row);
      else this.remove(member);
    }
    const known = this.foreign;
    this.foreign = new Map();
    const judged = new Map<number, boolean>();
    for (const row of rows) {
      if (this.members.has(row.pid)) continue;
      if (this.isOurs(row, listed, known, judged)) this.add(row);
      else this.foreign.set(row.pid, row);
    }
    this.rootIsDue = false;
    this.told.clear();
  }

  /** By what the launcher told, by its parent, by the process group that a member leads, or for an orphan by what a probe told. */
  private isOurs(row: ProcessRow, listed: Map<number, ProcessRow>, known: Map<number, ProcessRow>, judged: Map<number, boolean>): boolean {
    const { pid } = row;
    const before = judged.get(pid);
    if (before !== undefined) return before;
    judged.set(pid, false);
    const stranger = known.get(pid);
    if (pid === process.pid || (stranger && sameProcess(stranger, row))) return false;
    const parent = listed.get(row.ppid);
    const ours = (this.rootIsDue && pid === this.options.root.pid) || (this.told.has(pid) && (parent === undefined || parent.pid <= 1))
      || (parent !== undefined && startedBefore(parent, row) && (this.members.has(parent.pid) || this.isOurs(parent, listed, known, judged)))
      || (row.pgid !== undefined && this.members.get(row.pgid)?.row.pgid === row.pgid);
    judged.set(pid, ours);
    return ours;
  }

  private add(row: ProcessRow): void {
    const member = new ListedMember(this.told.get(row.pid) ?? String(row.pid), row);
    this.members.set(row.pid, member);
    this.ledger.met();
    this.describe(member);
    this.tell(member);
  }

  private follow(member: ListedMember, row: ProcessRow): void {
    const before = member.row;
    member.row = row;
    if (member.ended) return;
    const changed = before.ppid !== row.ppid || before.pgid !== row.pgid || before.name !== row.name || before.argv?.join(' ') !== row.argv?.join(' ');
    if (changed && row.state !== 'Z') this.describe(member);
    this.tell(member);
  }

  private describe(member: ListedMember): void {
    const { name, argv, exe } = member.row;
    member.description = { comm: name, ...(argv ? { argv } : {}), ...(exe === undefined ? {} : { exe }) };
    this.ledger.seen(member, member.row);
  }

  private tell(member: ListedMember): void {
    const { ppid, state, cpu, rss } = member.row;
    if (state === 'Z') this.ledger.zombie(member, { code: null, signal: null });
    else if (state !== undefined && cpu !== undefined && rss !== undefined) this.ledger.sample(member, { ppid, state, cpu, rss });
  }

  private remove(member: ListedMember): void {
    this.members.delete(member.row.pid);
    this.ledger.gone(member);
  }

  /** There is no list, but whether the known members live can still be asked (kill(2) with signal 0). */
  private probeLife(): void {
    for (const member of this.members.values()) if (!exists(member.row.pid)) this.remove(member);
    if (this.rootIsDue) this.rootIsDue = exists(this.options.root.pid);
  }
}
