import type {
  ErrorEvent, Event, ExecEvent, ExitEvent, OutOfMemoryEvent, ProcessRef, ReapEvent, RootExitEvent, SampleEvent, SeenEvent, SelfEvent, SignalEvent,
  SpawnEvent, SpawnFailedEvent, StartEvent, ThreadEvent, ZombieEvent,
} from './events';

/**
 * The run state and the reducer.
 *
 * Order does not matter: every fact is kept as a claim that wins or loses by its own time (and, on a tie, by its text),
 * never by when it was read. So the same set of lines gives the same state however the files interleave and however
 * often a line is read. What the claims mean together is worked out in `members.ts` and `derive/`.
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
  /** {@link RunState.version} at its last change, so that readers can keep what they derived */
  version: number;
  /** the same, of changes that can matter to other members: all but numbers */
  stamp: number;
}

/** Facts that name a process by its bare pid, sorted by time. */
export interface LooseFacts {
  facts: LooseEvent[];
  /** as in {@link MemberRecord} */
  version: number;
  stamp: number;
}

export interface RunState {
  run?: Claim<Event & { e: 'run' }>;
  root?: Claim<ProcessRef>;
  launchFailed?: Claim<string>;
  end?: Claim<string>;
  members: Map<ProcessRef, MemberRecord>;
  /** the records of a pid */
  byPid: Map<number, MemberRecord[]>;
  /** facts about a bare pid: resolved by time when members are derived */
  loose: Map<number, LooseFacts>;
  /** the latest signals to process groups and to everybody, by time */
  groupSignals: SignalEvent[];
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

export type LooseEvent = SpawnEvent | ReapEvent | SignalEvent | SeenEvent | SampleEvent | ZombieEvent | RootExitEvent | (Event & { e: 'gone' | 'root' });

/** Bounds. A run may go on for days: what has ended long ago is let go, and counted. */
export const limits = { members: 20_000, signals: 16, groupSignals: 256, threads: 512, looseOfPid: 64, loosePids: 20_000, spawnFailures: 100 };

/** A state that knows nothing yet. */
export function emptyState(): RunState {
  return {
    members: new Map(), byPid: new Map(), loose: new Map(), groupSignals: [], spawnFailures: [], outOfMemory: [], problems: new Map(),
    forgotten: 0, now: 0, version: 0,
  };
}

const isExact = (ref: ProcessRef): boolean => ref.includes('.');
export const pidOf = (ref: ProcessRef): number => parseInt(ref, 10);

/** {@link RunState.version} when something about a pid last changed that can matter to other members; 0 when nothing is known of it. */
export function stampOf(state: RunState, pid: number): number {
  let stamp = state.loose.get(pid)?.stamp ?? 0;
  for (const record of state.byPid.get(pid) ?? []) if (record.stamp > stamp) stamp = record.stamp;
  return stamp;
}

/** Notes that what is known of a pid has changed. `numbers`: in nothing that can matter to other members. */
function touch(state: RunState, pid: number, numbers = false): void {
  const loose = state.loose.get(pid);
  for (const known of [...(loose ? [loose] : []), ...(state.byPid.get(pid) ?? [])]) {
    known.version = state.version;
    if (!numbers || known.stamp === 0) known.stamp = state.version;
  }
}

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
  state.members.delete(victim.id);
  const held = state.byPid.get(victim.pid) ?? [];
  if (held.length > 1) state.byPid.set(victim.pid, held.filter((record) => record !== victim));
  else state.byPid.delete(victim.pid);
  touch(state, victim.pid);
  state.forgotten++;
}

/** Shared by all that have no threads: nearly every process, and a map is the biggest part of an empty record. */
const noThreads: ReadonlyMap<number, ThreadClaims> = new Map();

/** A record that holds nothing yet, for a process of which only the id is known. */
export function newRecord(id: ProcessRef): MemberRecord {
  return { id, pid: pidOf(id), claims: {}, signals: [], threads: noThreads, peakRss: 0, cpu: 0, version: 0, stamp: 0 };
}

function recordOf(state: RunState, id: ProcessRef): MemberRecord {
  let record = state.members.get(id);
  if (!record) {
    if (state.members.size >= limits.members) forgetSome(state);
    record = newRecord(id);
    state.members.set(id, record);
    const others = state.byPid.get(record.pid);
    if (others) others.push(record);
    else state.byPid.set(record.pid, [record]);
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

/** Of repeated news the first, the newest and those with the greatest numbers say everything. `facts` are sorted. */
function condense(facts: LooseEvent[], kind: 'sample' | 'seen'): LooseEvent[] {
  const news = facts.filter((fact) => fact.e === kind);
  const greatest = (number: 'cpu' | 'rss'): LooseEvent | undefined =>
    news.reduce<SampleEvent | undefined>((most, fact) => (fact.e === 'sample' && !(most && most[number] >= fact[number]) ? fact : most), undefined);
  const kept = new Set([news[0], news.at(-1), greatest('cpu'), greatest('rss')]);
  return facts.filter((fact) => fact.e !== kind || kept.has(fact));
}

/** The facts about a bare pid; makes room for new ones: those that were told first go. */
function looseOf(state: RunState, pid: number): LooseFacts {
  let loose = state.loose.get(pid);
  if (!loose) {
    const [oldest] = state.loose.size >= limits.loosePids ? state.loose.keys() : [];
    if (oldest !== undefined) {
      state.loose.delete(oldest);
      touch(state, oldest);
    }
    state.loose.set(pid, (loose = { facts: [], version: 0, stamp: 0 }));
  }
  return loose;
}

function addLoose(state: RunState, ref: ProcessRef, event: LooseEvent): void {
  const pid = pidOf(ref);
  const loose = looseOf(state, pid);
  const line = text(event);
  if (loose.facts.some((fact) => text(fact) === line)) return;
  loose.facts.push(event);
  loose.facts.sort((a, b) => a.t - b.t || (text(a) < text(b) ? -1 : 1));
  if (event.e === 'sample' || event.e === 'seen') loose.facts = condense(loose.facts, event.e);
  if (loose.facts.length > limits.looseOfPid) loose.facts.splice(1, 1);
  touch(state, pid, event.e === 'sample');
}

/** Applies a fact to the record of its process. */
function apply(state: RunState, id: ProcessRef, event: Event): void {
  const record = recordOf(state, id);
  applyTo(record, event);
  record.version = state.version;
  if (event.e !== 'sample' || record.stamp === 0) record.stamp = state.version;
}

function about(state: RunState, ref: ProcessRef, event: LooseEvent): void {
  if (isExact(ref)) apply(state, ref, event);
  // A signal to a group ("-pgid") or to everybody: whom it reached is worked out when members are derived.
  else if (!ref.startsWith('-')) addLoose(state, ref, event);
  else if (event.e === 'signal') insert(state.groupSignals, event, limits.groupSignals);
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
      if (isExact(event.id)) apply(state, event.id, event);
      break;
    case 'call':
      break;
  }
  return state;
}
