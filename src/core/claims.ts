import { limits } from './bounds';
import type {
  ErrorEvent, Event, ExecEvent, ExitEvent, ProcessRef, ReapEvent, RootExitEvent, SampleEvent, SeenEvent, SelfEvent, SignalEvent, Site, SpawnEvent,
  StartEvent, ThreadEvent, ZombieEvent,
} from './events';
import { pidOf } from './namespaces';

/**
 * What is told of one process. Every fact is kept as a claim that wins or loses by its own time (and, on a tie, by its
 * text), never by when it was read.
 */

/** A claim with the time that decides which one wins. */
export interface Claim<T> {
  t: number;
  value: T;
}

export const text = (value: unknown): string => JSON.stringify(value) ?? '';

/** The later of two claims; on a tie the one whose text is greater, so that the order of reading does not decide. */
export function latest<T>(held: Claim<T> | undefined, value: T, t: number): Claim<T> {
  if (!held || t > held.t) return { t, value };
  return t === held.t && text(value) > text(held.value) ? { t, value } : held;
}

/** The earlier of two claims; on a tie the one whose text is smaller. */
export function earliest<T>(held: Claim<T> | undefined, value: T, t: number): Claim<T> {
  if (!held || t < held.t) return { t, value };
  return t === held.t && text(value) < text(held.value) ? { t, value } : held;
}

/** All claims about one process. The keys are the claims' kinds; each holds the winner. */
export interface Claims {
  start?: Claim<StartEvent>;
  firstStart?: Claim<StartEvent>;
  spawn?: Claim<SpawnEvent>;
  exec?: Claim<ExecEvent>;
  name?: Claim<string>;
  daemon?: Claim<boolean>;
  role?: Claim<NonNullable<SelfEvent['role']>>;
  method?: Claim<string>;
  target?: Claim<NonNullable<SelfEvent['target']>>;
  rank?: Claim<Pick<SelfEvent, 'rank' | 'localRank' | 'worldSize'>>;
  error?: Claim<ErrorEvent>;
  exit?: Claim<ExitEvent>;
  reap?: Claim<ReapEvent>;
  rootExit?: Claim<RootExitEvent>;
  zombie?: Claim<ZombieEvent>;
  gone?: Claim<{ active?: number }>;
  seen?: Claim<SeenEvent>;
  firstSeen?: Claim<SeenEvent>;
  sample?: Claim<SampleEvent>;
}

/** What is known of a worker thread: its creator and the thread itself each tell a part. */
export interface ThreadClaims {
  first: Claim<ThreadEvent>;
  last: Claim<ThreadEvent>;
  name: Claim<string> | undefined;
  file: Claim<string> | undefined;
  code: Claim<number> | undefined;
  tid: Claim<number> | undefined;
  /** where it was created, and by which thread; undefined: by the main thread, or not told */
  site: Claim<Site> | undefined;
  from: Claim<number> | undefined;
  /** the thread itself has said that it ends; its creator has told it to */
  exitSite: Claim<Site> | undefined;
  lastWords: boolean;
  terminated: boolean;
}

/** One process of the run, as far as it is known. */
export interface MemberRecord {
  /** `"<pid>.<start>"`, or `"<pid>"` for one that nobody could identify better */
  id: ProcessRef;
  pid: number;
  claims: Claims;
  /** latest signals that were sent to it, at most 16 */
  signals: SignalEvent[];
  /** worker threads by number */
  threads: ReadonlyMap<number, ThreadClaims>;
  /** greatest seen: resident bytes, CPU seconds */
  peakRss: number;
  cpu: number;
  /** {@link RunState.version} at its last change, so that readers can keep what they derived */
  version: number;
  /** the same, of changes that can matter to other members: all but numbers */
  stamp: number;
  /** what inner pid namespaces call it, its own last; see `namespaces.ts` */
  aliases?: readonly ProcessRef[];
}

/** True when something outside the process itself saw it end. */
export function hasEnded(claims: Claims): boolean {
  return Boolean(claims.reap ?? claims.rootExit ?? claims.zombie ?? claims.gone);
}

/** Shared by all that have no threads: nearly every process, and a map is the biggest part of an empty record. */
const noThreads: ReadonlyMap<number, ThreadClaims> = new Map();

/** A record that holds nothing yet, for a process of which only the id is known. */
export function newRecord(id: ProcessRef): MemberRecord {
  return { id, pid: pidOf(id), claims: {}, signals: [], threads: noThreads, peakRss: 0, cpu: 0, version: 0, stamp: 0 };
}

/** A spawn that a specific layer reports beats the same child reported by a lower one (os.fork inside the fork server). */
const spawnRank = (method: string): number => (method === 'os.fork' ? 0 : /^(subprocess|os\.|posix_spawn|exec)/.test(method) ? 1 : 2);

function betterSpawn(held: Claim<SpawnEvent> | undefined, event: SpawnEvent): Claim<SpawnEvent> {
  const difference = held ? spawnRank(event.method) - spawnRank(held.value.method) : 1;
  if (difference !== 0) return difference > 0 || !held ? { t: event.t, value: event } : held;
  return earliest(held, event, event.t);
}

/** Puts an event into a list that is sorted by time, holds nothing twice, and lets the oldest go. */
export function insert<E extends Event>(list: E[], event: E, limit: number): void {
  const line = text(event);
  if (list.some((held) => held.t === event.t && text(held) === line)) return;
  list.push(event);
  list.sort((a, b) => a.t - b.t || (text(a) < text(b) ? -1 : 1));
  if (list.length > limit) list.shift();
}

function addThread(record: MemberRecord, event: ThreadEvent): void {
  const held = record.threads.get(event.thread);
  if (!held && record.threads.size >= limits.threads) return;
  const { t, name, file, code, tid, site, from, exitSite } = event;
  record.threads = new Map(record.threads).set(event.thread, {
    first: earliest(held?.first, event, t),
    last: latest(held?.last, event, t),
    name: name === undefined ? held?.name : latest(held?.name, name, t),
    file: file === undefined ? held?.file : latest(held?.file, file, t),
    code: typeof code === 'number' ? latest(held?.code, code, t) : held?.code,
    tid: tid === undefined ? held?.tid : latest(held?.tid, tid, t),
    site: site === undefined ? held?.site : latest(held?.site, site, t),
    from: from === undefined ? held?.from : latest(held?.from, from, t),
    exitSite: exitSite === undefined ? held?.exitSite : latest(held?.exitSite, exitSite, t),
    lastWords: (held?.lastWords ?? false) || event.self === true,
    terminated: (held?.terminated ?? false) || event.terminated === true,
  });
}

function applySelf(claims: Claims, event: SelfEvent): void {
  if (event.name !== undefined) claims.name = latest(claims.name, event.name, event.t);
  if (event.daemon !== undefined) claims.daemon = latest(claims.daemon, event.daemon, event.t);
  if (event.role !== undefined) claims.role = latest(claims.role, event.role, event.t);
  if (event.method !== undefined) claims.method = latest(claims.method, event.method, event.t);
  if (event.target !== undefined) claims.target = latest(claims.target, event.target, event.t);
  if (event.rank !== undefined) {
    const { rank, localRank, worldSize } = event;
    const value = { rank, ...(localRank === undefined ? {} : { localRank }), ...(worldSize === undefined ? {} : { worldSize }) };
    claims.rank = latest(claims.rank, value, event.t);
  }
}

/** Applies what an event says about one process. Also used to lay loose facts over a copy of a record. */
export function applyTo(record: MemberRecord, event: Event): void {
  const { claims } = record;
  const { t } = event;
  switch (event.e) {
    case 'start':
      claims.start = latest(claims.start, event, t);
      claims.firstStart = claims.firstStart ? earliest(claims.firstStart, event, t) : claims.start;
      break;
    case 'spawn':
      claims.spawn = betterSpawn(claims.spawn, event);
      break;
    case 'self':
      applySelf(claims, event);
      break;
    case 'exec':
      claims.exec = latest(claims.exec, event, t);
      break;
    case 'error':
      if (event.thread === undefined) claims.error = latest(claims.error, event, t);
      break;
    case 'exit':
      claims.exit = latest(claims.exit, event, t);
      record.cpu = Math.max(record.cpu, event.cpu ?? 0);
      record.peakRss = Math.max(record.peakRss, event.rss ?? 0);
      break;
    case 'reap':
      claims.reap = earliest(claims.reap, event, t);
      break;
    case 'rootExit':
      claims.rootExit = earliest(claims.rootExit, event, t);
      break;
    case 'zombie':
      claims.zombie = earliest(claims.zombie, event, t);
      break;
    case 'gone':
      claims.gone = earliest(claims.gone, event.active === undefined ? {} : { active: event.active }, t);
      record.cpu = Math.max(record.cpu, event.cpu ?? 0);
      record.peakRss = Math.max(record.peakRss, event.rss ?? 0);
      break;
    case 'seen':
      claims.seen = latest(claims.seen, event, t);
      claims.firstSeen = claims.firstSeen ? earliest(claims.firstSeen, event, t) : claims.seen;
      break;
    case 'sample':
      claims.sample = latest(claims.sample, event, t);
      record.cpu = Math.max(record.cpu, event.cpu);
      record.peakRss = Math.max(record.peakRss, event.rss);
      break;
    case 'signal':
      insert(record.signals, event, limits.signals);
      break;
    case 'thread':
      addThread(record, event);
      break;
    case 'root':
    case 'run':
    case 'launchFailed':
    case 'end':
    case 'problem':
    case 'call':
    case 'spawnFailed':
    case 'outOfMemory':
    case 'read':
    case 'submit':
    case 'retire':
    case 'look':
    case 'answer':
    case 'inquiry':
    case 'tasks':
    case 'ports':
    case 'crowd':
      break;
  }
}

/** The facts of a record as events, such that applied to another record they give what all facts of both would. */
export function factsOf({ id, claims, signals }: MemberRecord): Event[] {
  const { name, daemon, role, method, target, rank, gone, ...told } = claims;
  const self = <K extends keyof SelfEvent>(key: K, claim: Claim<SelfEvent[K]> | undefined): Event[] => (claim ? [{ e: 'self', id, t: claim.t, [key]: claim.value }] : []);
  return [
    ...Object.values(told).map((claim: Claim<Event>) => claim.value), ...signals,
    ...self('name', name), ...self('daemon', daemon), ...self('role', role), ...self('method', method), ...self('target', target),
    ...(rank ? [{ e: 'self' as const, id, t: rank.t, ...rank.value }] : []), ...(gone ? [{ e: 'gone' as const, id, t: gone.t, child: id, ...gone.value }] : []),
  ];
}
