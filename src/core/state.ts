import type {
  ErrorEvent, Event, ExecEvent, ExitEvent, OutOfMemoryEvent, ProcessRef, ReapEvent, RootExitEvent, SampleEvent, SeenEvent, SelfEvent, SignalEvent,
  SpawnEvent, SpawnFailedEvent, StartEvent, ThreadEvent, ZombieEvent,
} from './events';
import { addressOf, isInner, pidOf, type Address } from './namespaces';

export { pidOf } from './namespaces';

/**
 * The run state and the reducer.
 *
 * Order does not matter: every fact is kept as a claim that wins or loses by its own time (and, on a tie, by its text),
 * never by when it was read. So the same set of lines gives the same state however the files interleave and however
 * often a line is read. What the claims mean together is worked out in `members.ts`.
 */

/** A claim with the time that decides which one wins. */
export interface Claim<T> {
  t: number;
  value: T;
}

const text = (value: unknown): string => JSON.stringify(value) ?? '';

/** The later of two claims; on a tie the one whose text is greater, so that the order of reading does not decide. */
function latest<T>(held: Claim<T> | undefined, value: T, t: number): Claim<T> {
  if (!held || t > held.t) return { t, value };
  return t === held.t && text(value) > text(held.value) ? { t, value } : held;
}

function earliest<T>(held: Claim<T> | undefined, value: T, t: number): Claim<T> {
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
  gone?: Claim<{ cpu?: number; rss?: number }>;
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
  /** steps with every change, so that readers can keep what they derived */
  version: number;
  /** what inner pid namespaces call it, its own last; see `namespaces.ts` */
  aliases?: readonly ProcessRef[];
}

export interface RunState {
  run?: Claim<Event & { e: 'run' }>;
  root?: Claim<ProcessRef>;
  launchFailed?: Claim<string>;
  end?: Claim<string>;
  members: Map<ProcessRef, MemberRecord>;
  /** the member that a name from an inner pid namespace means */
  aliases: Map<ProcessRef, ProcessRef>;
  /** the records of an address: of a pid, above all */
  byPid: Map<Address, MemberRecord[]>;
  /** facts about a bare pid: resolved by time when members are derived */
  loose: Map<Address, LooseEvent[]>;
  spawnFailures: SpawnFailedEvent[];
  /** the latest kills for want of memory, by time */
  outOfMemory: OutOfMemoryEvent[];
  /** kind → the newest message */
  problems: Map<string, Claim<string>>;
  /** ended members that were let go so that memory stays bounded */
  forgotten: number;
  /** greatest time of any event: "now" for a pure reader */
  now: number;
  version: number;
}

type LooseEvent = SpawnEvent | ReapEvent | SignalEvent | SeenEvent | SampleEvent | ZombieEvent | RootExitEvent | (Event & { e: 'gone' | 'root' });

/** Bounds. A run may go on for days: what has ended long ago is let go, and counted. */
export const limits = { members: 20_000, signals: 16, threads: 512, looseOfPid: 64, loosePids: 20_000, spawnFailures: 100 };

/** A state that knows nothing yet. */
export function emptyState(): RunState {
  return {
    members: new Map(), aliases: new Map(), byPid: new Map(), loose: new Map(), spawnFailures: [], outOfMemory: [], problems: new Map(), forgotten: 0, now: 0, version: 0,
  };
}

const isExact = (ref: ProcessRef): boolean => ref.includes('.');

/** True when something outside the process itself saw it end. */
export function hasEnded(claims: Claims): boolean {
  return Boolean(claims.reap ?? claims.rootExit ?? claims.zombie ?? claims.gone);
}

/** So many go at once: a search passes over all that are kept. */
const forgottenAtOnce = 4_000;

/** Makes room for new members: the oldest of the ended go first, then the oldest of all. */
function forgetSome(state: RunState): void {
  let left = forgottenAtOnce;
  for (const isVictim of [({ claims }: MemberRecord) => hasEnded(claims), () => true]) {
    for (const record of state.members.values()) {
      if (left === 0) return;
      if (record.id === state.root?.value || !isVictim(record)) continue;
      forget(state, record);
      left--;
    }
  }
}

function forget(state: RunState, victim: MemberRecord): void {
  drop(state, victim);
  for (const alias of victim.aliases ?? []) state.aliases.delete(alias);
  state.forgotten++;
}

function drop(state: RunState, record: MemberRecord): void {
  state.members.delete(record.id);
  for (const address of addressesOf(record)) {
    const others = state.byPid.get(address)?.filter((other) => other !== record) ?? [];
    if (others.length) state.byPid.set(address, others);
    else state.byPid.delete(address);
  }
}

function list(state: RunState, record: MemberRecord, address: Address): void {
  const others = state.byPid.get(address);
  if (others) others.push(record);
  else state.byPid.set(address, [record]);
}

/** Where facts may stand that name a process without its start. */
export function addressesOf({ id, aliases }: MemberRecord): Address[] {
  return aliases ? [addressOf(id), ...aliases.map(addressOf)] : [addressOf(id)];
}

/** The record of the process that a reference means, told inside its pid namespace or outside. */
export function recordNamed(state: RunState, ref: ProcessRef): MemberRecord | undefined {
  return state.members.get(state.aliases.get(ref) ?? ref);
}

/** Shared by all that have no threads: nearly every process, and a map is the biggest part of an empty record. */
const noThreads: ReadonlyMap<number, ThreadClaims> = new Map();

/** A record that holds nothing yet, for a process of which only the id is known. */
export function newRecord(id: ProcessRef): MemberRecord {
  return { id, pid: pidOf(id), claims: {}, signals: [], threads: noThreads, peakRss: 0, cpu: 0, version: 0 };
}

function recordOf(state: RunState, ref: ProcessRef): MemberRecord {
  let record = recordNamed(state, ref);
  if (!record) {
    if (state.members.size >= limits.members) forgetSome(state);
    record = newRecord(ref);
    state.members.set(ref, record);
    list(state, record, addressOf(ref));
  }
  return record;
}

/** A spawn that a specific layer reports beats the same child reported by a lower one (os.fork inside the fork server). */
const spawnRank = (method: string): number => (method === 'os.fork' ? 0 : /^(subprocess|os\.|posix_spawn|exec)/.test(method) ? 1 : 2);

function betterSpawn(held: Claim<SpawnEvent> | undefined, event: SpawnEvent): Claim<SpawnEvent> {
  const difference = held ? spawnRank(event.method) - spawnRank(held.value.method) : 1;
  if (difference !== 0) return difference > 0 || !held ? { t: event.t, value: event } : held;
  return earliest(held, event, event.t);
}

/** Puts an event into a list that is sorted by time, holds nothing twice, and lets the oldest go. */
function insert<E extends Event>(list: E[], event: E, limit: number): void {
  const line = text(event);
  if (list.some((held) => held.t === event.t && text(held) === line)) return;
  list.push(event);
  list.sort((a, b) => a.t - b.t || (text(a) < text(b) ? -1 : 1));
  if (list.length > limit) list.shift();
}

function addThread(record: MemberRecord, event: ThreadEvent): void {
  const held = record.threads.get(event.thread);
  if (!held && record.threads.size >= limits.threads) return;
  const { t, name, file, code } = event;
  record.threads = new Map(record.threads).set(event.thread, {
    first: earliest(held?.first, event, t),
    last: latest(held?.last, event, t),
    name: name === undefined ? held?.name : latest(held?.name, name, t),
    file: file === undefined ? held?.file : latest(held?.file, file, t),
    code: typeof code === 'number' ? latest(held?.code, code, t) : held?.code,
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
  record.version++;
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
      claims.error = latest(claims.error, event, t);
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
      claims.gone = earliest(claims.gone, {}, t);
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
      break;
  }
}

/** The facts of a record as events, such that applied to another record they give what all facts of both would. */
function factsOf({ id, claims, signals }: MemberRecord): Event[] {
  const { name, daemon, role, method, target, rank, gone, ...told } = claims;
  const self = <K extends keyof SelfEvent>(key: K, claim: Claim<SelfEvent[K]> | undefined): Event[] => (claim ? [{ e: 'self', id, t: claim.t, [key]: claim.value }] : []);
  return [
    ...Object.values(told).map((claim: Claim<Event>) => claim.value), ...signals,
    ...self('name', name), ...self('daemon', daemon), ...self('role', role), ...self('method', method), ...self('target', target),
    ...(rank ? [{ e: 'self' as const, id, t: rank.t, ...rank.value }] : []), ...(gone ? [{ e: 'gone' as const, id, t: gone.t, child: id }] : []),
  ];
}

/** An inner name of a process has become known: what was told under it belongs to that process. */
function learnAlias(state: RunState, record: MemberRecord, alias: ProcessRef): void {
  if (!isInner(alias) || !isExact(alias) || state.aliases.has(alias)) return;
  const inner = state.members.get(alias);
  state.aliases.set(alias, record.id);
  record.aliases = [...(record.aliases ?? []), alias];
  record.version++;
  list(state, record, addressOf(alias));
  if (!inner) return;
  drop(state, inner);
  for (const fact of factsOf(inner)) applyTo(record, fact);
  record.cpu = Math.max(record.cpu, inner.cpu);
  record.peakRss = Math.max(record.peakRss, inner.peakRss);
  // Only a process's own probe tells of its threads, and it knows no other name of it than this.
  if (inner.threads.size) record.threads = inner.threads;
}

/** Of repeated news the first, the newest and those with the greatest numbers say everything. `facts` are sorted. */
function condense(facts: LooseEvent[], kind: 'sample' | 'seen'): LooseEvent[] {
  const news = facts.filter((fact) => fact.e === kind);
  const greatest = (number: 'cpu' | 'rss'): LooseEvent | undefined =>
    news.reduce<SampleEvent | undefined>((most, fact) => (fact.e === 'sample' && !(most && most[number] >= fact[number]) ? fact : most), undefined);
  const kept = new Set([news[0], news.at(-1), greatest('cpu'), greatest('rss')]);
  return facts.filter((fact) => fact.e !== kind || kept.has(fact));
}

function addLoose(state: RunState, ref: ProcessRef, event: LooseEvent): void {
  // A signal to a group ("-pgid") or to everybody says nothing about one process.
  if (ref.startsWith('-')) return;
  const pid = addressOf(ref);
  let facts = state.loose.get(pid);
  if (!facts) {
    if (state.loose.size >= limits.loosePids) state.loose.delete(state.loose.keys().next().value ?? 0);
    state.loose.set(pid, (facts = []));
  }
  const line = text(event);
  if (facts.some((fact) => text(fact) === line)) return;
  facts.push(event);
  facts.sort((a, b) => a.t - b.t || (text(a) < text(b) ? -1 : 1));
  if (event.e === 'sample' || event.e === 'seen') state.loose.set(pid, (facts = condense(facts, event.e)));
  if (facts.length > limits.looseOfPid) facts.splice(1, 1);
  for (const record of state.byPid.get(pid) ?? []) record.version++;
}

function about(state: RunState, ref: ProcessRef, event: LooseEvent): void {
  if (!isExact(ref)) return addLoose(state, ref, event);
  const record = recordOf(state, ref);
  applyTo(record, event);
  if (event.e === 'seen') for (const alias of event.aliases ?? []) learnAlias(state, record, alias);
}

/**
 * Folds one event into the state. Pure in that it touches nothing but the state, which it changes in place and
 * returns: a run has thousands of events a second and copying it for each would be the whole cost.
 * Total: any parsed event is accepted.
 */
export function reduce(state: RunState, event: Event): RunState {
  state.version++;
  state.now = Math.max(state.now, event.t);
  switch (event.e) {
    case 'run':
      state.run = earliest(state.run, event, event.t);
      break;
    case 'root':
      state.root = earliest(state.root, event.child, event.t);
      about(state, event.child, event);
      break;
    case 'launchFailed':
      state.launchFailed = latest(state.launchFailed, event.message, event.t);
      break;
    case 'end':
      state.end = latest(state.end, event.reason ?? '', event.t);
      break;
    case 'problem':
      if (state.problems.size < 100 || state.problems.has(event.kind)) {
        state.problems.set(event.kind, latest(state.problems.get(event.kind), event.message, event.t));
      }
      break;
    case 'spawnFailed':
      insert(state.spawnFailures, event, limits.spawnFailures);
      break;
    case 'outOfMemory':
      insert(state.outOfMemory, event, limits.spawnFailures);
      break;
    case 'spawn':
    case 'reap':
    case 'rootExit':
    case 'seen':
    case 'sample':
    case 'zombie':
    case 'gone':
      about(state, event.child, event);
      break;
    case 'signal':
      about(state, event.to, event);
      break;
    case 'start':
    case 'self':
    case 'exec':
    case 'error':
    case 'exit':
    case 'thread':
      if (isExact(event.id)) applyTo(recordOf(state, event.id), event);
      break;
    case 'call':
      break;
  }
  return state;
}
