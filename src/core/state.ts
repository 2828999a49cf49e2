import { limits } from './bounds';
import { applyTo, earliest, factsOf, hasEnded, insert, latest, newRecord, text, type Claim, type MemberRecord } from './claims';
import type {
  Event, OutOfMemoryEvent, ProcessRef, ReapEvent, RootExitEvent, SampleEvent, SeenEvent, SignalEvent, SpawnEvent, SpawnFailedEvent, ZombieEvent,
} from './events';
import { emptyInsight, forgetProcess, noteEvent, renameProcess, type InsightState } from './insight/projection';
import { addressOf, isInner, type Address } from './namespaces';

/**
 * The run state and the reducer.
 *
 * Order does not matter (see `claims.ts`): the same set of lines gives the same state however the files interleave and
 * however often a line is read. What the claims mean together is worked out in `members.ts` and `derive/`.
 */

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
  /** the member that a name from an inner pid namespace means */
  aliases: Map<ProcessRef, ProcessRef>;
  /** the records of an address: of a pid, above all */
  byPid: Map<Address, MemberRecord[]>;
  /** facts about a bare pid: resolved by time when members are derived */
  loose: Map<Address, LooseFacts>;
  /** the latest signals to process groups and to everybody, by time */
  groupSignals: SignalEvent[];
  spawnFailures: SpawnFailedEvent[];
  /** the latest kills for want of memory, by time */
  outOfMemory: OutOfMemoryEvent[];
  /** kind → the newest message */
  problems: Map<string, Claim<string>>;
  /** what inquiries have found, for the findings */
  insight: InsightState;
  /** ended members that were let go so that memory stays bounded */
  forgotten: number;
  /** greatest time of any event: "now" for a pure reader */
  now: number;
  version: number;
}

export type LooseEvent = SpawnEvent | ReapEvent | SignalEvent | SeenEvent | SampleEvent | ZombieEvent | RootExitEvent | (Event & { e: 'gone' | 'root' });

/** A state that knows nothing yet. */
export function emptyState(): RunState {
  return {
    members: new Map(), aliases: new Map(), byPid: new Map(), loose: new Map(), groupSignals: [],
    spawnFailures: [], outOfMemory: [], problems: new Map(), insight: emptyInsight(), forgotten: 0, now: 0, version: 0,
  };
}

const isExact = (ref: ProcessRef): boolean => ref.includes('.');

/** {@link RunState.version} when something about an address last changed that can matter to other members; 0 when nothing is known of it. */
export function stampOf(state: RunState, pid: Address): number {
  let stamp = state.loose.get(pid)?.stamp ?? 0;
  for (const record of state.byPid.get(pid) ?? []) if (record.stamp > stamp) stamp = record.stamp;
  return stamp;
}

/** Notes that what is known of an address has changed. `numbers`: in nothing that can matter to other members. */
function touch(state: RunState, pid: Address, numbers = false): void {
  const loose = state.loose.get(pid);
  for (const known of [...(loose ? [loose] : []), ...(state.byPid.get(pid) ?? [])]) {
    known.version = state.version;
    if (!numbers || known.stamp === 0) known.stamp = state.version;
  }
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
  forgetProcess(state.insight, victim.id);
  for (const alias of victim.aliases ?? []) state.aliases.delete(alias);
  state.forgotten++;
}

function drop(state: RunState, record: MemberRecord): void {
  state.members.delete(record.id);
  for (const address of addressesOf(record)) {
    const others = state.byPid.get(address)?.filter((other) => other !== record) ?? [];
    if (others.length) state.byPid.set(address, others);
    else state.byPid.delete(address);
    touch(state, address);
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

/** An inner name of a process has become known: what was told under it belongs to that process. */
function learnAlias(state: RunState, record: MemberRecord, alias: ProcessRef): void {
  if (!isInner(alias) || !isExact(alias) || state.aliases.has(alias)) return;
  const inner = state.members.get(alias);
  state.aliases.set(alias, record.id);
  record.aliases = [...(record.aliases ?? []), alias];
  list(state, record, addressOf(alias));
  renameProcess(state.insight, alias, record.id);
  for (const address of addressesOf(record)) touch(state, address);
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

/** The facts about a bare pid; makes room for new ones: those that were told first go. */
function looseOf(state: RunState, pid: Address): LooseFacts {
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
  // A signal to a group ("-pgid") or to everybody: whom it reached is worked out when members are derived.
  if (ref.startsWith('-')) {
    if (event.e === 'signal') insert(state.groupSignals, event, limits.groupSignals);
    return;
  }
  const pid = addressOf(ref);
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
function apply(state: RunState, id: ProcessRef, event: Event): MemberRecord {
  const record = recordOf(state, id);
  applyTo(record, event);
  record.version = state.version;
  if (event.e !== 'sample' || record.stamp === 0) record.stamp = state.version;
  return record;
}

function about(state: RunState, ref: ProcessRef, event: LooseEvent): void {
  if (!isExact(ref)) return addLoose(state, ref, event);
  const record = apply(state, ref, event);
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
  noteEvent(state.insight, event, (ref) => state.aliases.get(ref) ?? ref);
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
  return state;
}
