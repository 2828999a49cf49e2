import { helperName, isShell, nameFromCommand, runtimeFromCommand } from './classify';
import { toExit, type Exit } from './exits';
import type { ProcessRef, Runtime, SignalEvent, Site } from './events';
import { addressBeside, addressOf, isInner, type Address } from './namespaces';
import { addressesOf, applyTo, hasEnded, newRecord, recordNamed, type MemberRecord, type RunState } from './state';

/** What is known of one process of a run: the derived, readable form of its claims. Times in ms since the epoch. */
export interface Member {
  id: ProcessRef;
  /** in the pid namespace of the run's launcher; in its own one where it was never seen from outside */
  pid: number;
  /** of a process in another pid namespace (a container, `unshare --pid`): what it is called there, the name by which its probe goes */
  inner: { pid: number; id: ProcessRef | null } | null;
  /** whether the observer itself has seen it among what the run's root has started: a probe may be mistaken, or lie */
  confirmed: boolean;
  startedAt: number;
  endedAt: number | null;
  /** logical parent: who asked for the process */
  parent: ProcessRef | null;
  /** the parent in the operating system, last seen while alive */
  osParent: number | null;
  runtime: Runtime;
  role: 'root' | 'child' | 'worker' | 'helper';
  name: string;
  daemon: boolean | null;
  startMethod: string;
  target: { function: string; file: string; line: number } | null;
  /** bounded repr of the target's arguments */
  args: string | null;
  argv: string[];
  cwd: string | null;
  exe: string | null;
  version: string | null;
  /** where the program created it */
  site: Site | null;
  state: 'starting' | 'running' | 'stopped' | 'exited';
  marks: ('zombie' | 'orphan' | 'outside')[];
  exit: Exit | null;
  endedBy: EndedBy | null;
  error: { type: string; message: string; traceback: string } | null;
  /** the letter that the operating system gives its state, while it lives */
  osState: string | null;
  /** share of one core now (1 = a full core), null when not measured */
  load: number | null;
  rss: number | null;
  threadCount: number | null;
  cpuSeconds: number | null;
  peakRssBytes: number | null;
  rank: number | null;
  localRank: number | null;
  worldSize: number | null;
  /** name of the host that it runs on, where a rank or its child tells */
  host: string | null;
  threads: WorkerThread[];
}

/** Who sent the signal that ended a member: Procession, a member of the run with its call, the kernel for want of memory (with its evidence in `via`), somebody outside the run, or nobody that is known. */
export interface EndedBy {
  by: 'procession' | 'member' | 'kernel' | 'outside' | 'unknown';
  signal: string;
  member?: ProcessRef;
  via?: string;
  site?: Site;
}

/** A worker thread of Node. */
export interface WorkerThread {
  id: number;
  name: string;
  file: string | null;
  state: 'running' | 'exited';
  code: number | null;
  startedAt: number;
  endedAt: number | null;
}

/** A tick of the process's start time is 10 ms; a fact this much older still belongs to it. */
const tolerance = 20;
/** A probe that has not spoken this long after its process was seen will not speak. */
const probeDelay = 2_000;

function bootStart(state: RunState, id: ProcessRef): number | undefined {
  const run = state.run?.value;
  const ticks = /^\d+(?:@\d+)?\.(\d+)$/.exec(id);
  if (ticks && run?.bootTime !== undefined && run.tickMs) return run.bootTime + Number(ticks[1]) * run.tickMs;
  const stamp = /^\d+(?:@\d+)?\.m(\d+)/.exec(id);
  return stamp ? Number(stamp[1]) : undefined;
}

/** The host that a process tells of itself, or its parent where no probe is in it. */
function hostOf(state: RunState, { claims: { start, spawn, firstSeen } }: MemberRecord): string | null {
  const teller = start ?? recordNamed(state, spawn?.value.id ?? firstSeen?.value.parent ?? '')?.claims.start;
  return teller?.value.host ?? null;
}

function isOnOtherHost(state: RunState, record: MemberRecord): boolean {
  const host = hostOf(state, record);
  return host !== null && state.run !== undefined && host !== state.run.value.host;
}

/** True for a process that runs on another host than the run's launcher, or of which only an inner pid is known: the operating system here knows nothing of it. */
export function isElsewhere(state: RunState, record: MemberRecord): boolean {
  return isInner(record.id) || isOnOtherHost(state, record);
}

/** When the process started: by its identity where that tells it, else by the first word about it. */
export function startOf(state: RunState, record: MemberRecord): number {
  const { spawn, firstStart, firstSeen } = record.claims;
  // The ticks of an identity count from the boot of its own host.
  const known = (isOnOtherHost(state, record) ? undefined : bootStart(state, record.id)) ?? firstSeen?.value.startedAt;
  const firstWord = Math.min(spawn?.t ?? Infinity, firstStart?.t ?? Infinity, firstSeen?.t ?? Infinity);
  if (known !== undefined) return known;
  if (firstWord < Infinity) return firstWord;
  const { exit, reap, rootExit, zombie, gone } = record.claims;
  const times = [exit, reap, rootExit, zombie, gone].flatMap((claim) => (claim ? [claim.t] : []));
  return times.length ? Math.min(...times) : (record.signals[0]?.t ?? state.now);
}

function incarnations(state: RunState, pid: Address): { record: MemberRecord; start: number }[] {
  return (state.byPid.get(pid) ?? [])
    .filter((record) => !isOnOtherHost(state, record))
    .map((record) => ({ record, start: startOf(state, record) }))
    .sort((a, b) => a.start - b.start || (a.record.id < b.record.id ? -1 : 1));
}

/** Who had a pid at a time: the last one that had started by then. A pid is not given away before it is reaped, so this is exact. */
export function whoHad(state: RunState, pid: Address, t: number): MemberRecord | undefined {
  let found: MemberRecord | undefined;
  for (const { record, start } of incarnations(state, pid)) if (start <= t + tolerance) found = record;
  return found;
}

/** The record with the facts that named it by its pid alone laid over it. */
function withLoose(state: RunState, record: MemberRecord): MemberRecord {
  if (state.loose.size === 0) return record;
  const mine = addressesOf(record).flatMap((address) => (state.loose.get(address) ?? []).filter((fact) => (whoHad(state, address, fact.t) ?? incarnations(state, address)[0]?.record) === record));
  return mine.length ? overlay(record, mine) : record;
}

function overlay(record: MemberRecord, facts: readonly Parameters<typeof applyTo>[1][]): MemberRecord {
  const copy: MemberRecord = { ...record, claims: { ...record.claims }, signals: [...record.signals], threads: new Map(record.threads) };
  for (const fact of facts) applyTo(copy, fact);
  return { ...copy, version: record.version };
}

/** Members that are known by their bare pid only (no probe, and no start time from the operating system). */
function looseOnly(state: RunState): MemberRecord[] {
  const found: MemberRecord[] = [];
  for (const [pid, facts] of state.loose) {
    if (state.byPid.has(pid) || !facts.some((fact) => fact.e === 'spawn' || fact.e === 'seen' || fact.e === 'root' || fact.e === 'sample')) continue;
    const record = overlay(newRecord(String(pid)), facts);
    found.push({ ...record, version: facts.length });
  }
  return found;
}

function isRoot(state: RunState, record: MemberRecord): boolean {
  const root = state.root;
  if (!root) return false;
  return root.value === record.id || (!root.value.includes('.') && whoHad(state, addressOf(root.value), root.t) === record);
}

function logicalParent(state: RunState, record: MemberRecord): ProcessRef | null {
  if (isRoot(state, record)) return null;
  const { spawn, firstStart, firstSeen } = record.claims;
  const candidates: (ProcessRef | undefined)[] = [spawn?.value.id];
  const start = firstStart?.value;
  if (start && /fork$/.test(start.method ?? '')) candidates.push(start.parent);
  if (!isElsewhere(state, record)) for (const sight of [start, firstSeen?.value]) if (sight && sight.ppid > (isInner(sight.id) ? 0 : 1)) candidates.push(whoHad(state, addressBeside(sight.id, sight.ppid), sight.t)?.id);
  candidates.push(start?.parent, firstSeen?.value.parent);
  return candidates.map((ref) => ref && recordNamed(state, ref)?.id).find((id) => id !== undefined && id !== record.id) ?? null;
}

const sameWords = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((word, index) => word === b[index]);

/** The command line of the image that runs now: the last of what was seen, started or exec'ed. */
function commandLine(state: RunState, record: MemberRecord, parent: ProcessRef | null): string[] {
  const { start, exec, seen, spawn } = record.claims;
  const asked = spawn?.value.argv;
  // Between fork and exec a child still shows its parent's command line; what the parent asked for is better then.
  const borrowed = asked?.length && seen?.value.argv && !start && parent !== null && parentArguments(state, parent).some((argv) => sameWords(argv, seen.value.argv ?? []));
  const told = [start, exec, borrowed ? undefined : seen].flatMap((claim) => (claim?.value.argv?.length ? [{ t: claim.t, argv: claim.value.argv }] : []));
  const last = told.reduce<{ t: number; argv: string[] } | undefined>((a, b) => (!a || b.t >= a.t ? b : a), undefined);
  return last?.argv ?? asked ?? [];
}

/** The command lines that a member has shown. */
function parentArguments(state: RunState, id: ProcessRef): string[][] {
  const { start, seen, firstSeen } = state.members.get(id)?.claims ?? {};
  return [start, seen, firstSeen].flatMap((claim) => (claim?.value.argv ? [claim.value.argv] : []));
}

/** What runs in it: the probe's word, unless the process has replaced its image since. */
function runtimeOf(record: MemberRecord, argv: readonly string[]): Runtime {
  const { start, exec, spawn } = record.claims;
  if (start && !(exec && exec.t > start.t)) return start.value.runtime;
  if (!argv.length && /^(fork|spawn|forkserver)$/.test(spawn?.value.method ?? '')) return 'python';
  return runtimeFromCommand(argv);
}

function exitOf(state: RunState, record: MemberRecord, runtime: Runtime): Exit | null {
  const { reap, rootExit, zombie, exit, start, gone } = record.claims;
  const platform = state.run?.value.platform;
  const known = (ending: { code: number | null; signal: string | null }): boolean => ending.code !== null || ending.signal !== null;
  if (reap && known(reap.value)) return toExit(reap.value, 'parent', runtime, platform);
  if (rootExit) return toExit(rootExit.value, 'launcher', runtime, platform);
  if (zombie && known(zombie.value)) return toExit(zombie.value, 'kernel', runtime, platform);
  const elsewhere = isElsewhere(state, record);
  if (exit && known(exit.value) && (hasEnded(record.claims) || state.end || elsewhere)) return toExit(exit.value, 'self', runtime, platform);
  if (elsewhere && state.end) return { code: null, signal: null, source: 'unknown', reason: `${isOnOtherHost(state, record) ? 'it ran on another host' : 'it was in another pid namespace, where nobody saw it from outside'}, and its own last words did not tell` };
  if (!hasEnded(record.claims)) return null;
  const reason = zombie && !gone
    ? 'it is a zombie of another user: the kernel does not show its status'
    : start
      ? 'its parent did not tell the status, and its own last words did not hold it (a signal, or an end in native code)'
      : 'no probe was in it or its parent, and it was reaped before it could be looked at';
  return { code: null, signal: null, source: 'unknown', reason };
}

function endOf(state: RunState, record: MemberRecord): number | null {
  const { exit, reap, rootExit, zombie, gone } = record.claims;
  if (!hasEnded(record.claims)) return isElsewhere(state, record) ? (exit?.t ?? state.end?.t ?? null) : exit && state.end ? exit.t : null;
  const seen = Math.min(...[reap, rootExit, zombie, gone].flatMap((claim) => (claim ? [claim.t] : [])));
  return exit && exit.t < seen ? exit.t : seen;
}

const killedBySomebodyUnknown = ({ claims, signals }: MemberRecord): boolean =>
  [claims.reap, claims.zombie, claims.rootExit].some((claim) => claim?.value.signal === 'SIGKILL') && !signals.some(({ signal }) => signal === 'SIGKILL');

/**
 * The evidence that the kernel killed a member for want of memory: its counter stepped while the member ended by −9,
 * and no more members ended so than it counted. A −9 alone is no evidence.
 */
function outOfMemory(state: RunState, record: MemberRecord, endedAt: number): string | undefined {
  if (!killedBySomebodyUnknown(record)) return undefined;
  const during = (t: number | null, since: number, until: number): boolean => t !== null && t >= since - 250 && t <= until + 250;
  return state.outOfMemory.find(({ since, t, kills }) => during(endedAt, since, t)
    && [...state.members.values()].filter((other) => killedBySomebodyUnknown(other) && during(endOf(state, other), since, t)).length <= kills)?.evidence;
}

/** Signals that only somebody sends: the kernel does not, for a fault or a limit (it sends SIGKILL for both). */
const sentBySomebody = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']);

/** True when the sender cannot have been a member: a probe was in every one that lived then, and none of them told of the signal. */
function cameFromOutside(state: RunState, signal: string, endedAt: number): boolean {
  return sentBySomebody.has(signal) && [...state.members.values()].every((other) => {
    const end = endOf(state, other);
    return other.claims.start !== undefined || startOf(state, other) > endedAt || (end !== null && end < endedAt - probeDelay);
  });
}

function endedByOf(state: RunState, record: MemberRecord, exit: Exit | null, endedAt: number | null): EndedBy | null {
  if (!exit?.signal || endedAt === null) return null;
  const sent = record.signals.filter((signal: SignalEvent) => signal.signal === exit.signal && signal.t <= endedAt + 250);
  const last = sent.at(-1);
  if (!last) {
    const evidence = outOfMemory(state, record, endedAt);
    if (evidence !== undefined) return { by: 'kernel', signal: exit.signal, via: evidence };
    return { by: cameFromOutside(state, exit.signal, endedAt) ? 'outside' : 'unknown', signal: exit.signal };
  }
  return {
    by: last.by === 'procession' ? 'procession' : 'member',
    signal: exit.signal,
    ...(last.by === 'procession' ? {} : { member: recordNamed(state, last.id)?.id ?? last.id }),
    ...(last.via === undefined ? {} : { via: last.via }),
    ...(last.site === undefined ? {} : { site: last.site }),
  };
}

function osParentOf(record: MemberRecord): number | null {
  const { seen, sample, start } = record.claims;
  // What a process of an inner pid namespace calls its parent is no pid out here.
  const told = [start && isInner(start.value.id) ? undefined : start, seen, sample].flatMap((claim) => (claim ? [{ t: claim.t, ppid: claim.value.ppid }] : []));
  return told.reduce<{ t: number; ppid: number } | undefined>((a, b) => (!a || b.t >= a.t ? b : a), undefined)?.ppid ?? null;
}

function stateOf(record: MemberRecord, ended: boolean): Member['state'] {
  if (ended) return 'exited';
  const { sample, start, seen, spawn } = record.claims;
  if (sample && /^[Tt]$/.test(sample.value.state)) return 'stopped';
  return start ?? seen ?? sample ?? (spawn && spawn.value.method.startsWith('os.fork')) ? 'running' : 'starting';
}

function marksOf(state: RunState, record: MemberRecord, parent: ProcessRef | null, ended: boolean, osParent: number | null): Member['marks'] {
  const marks: Member['marks'] = [];
  const { zombie, reap, gone, rootExit, start, seen } = record.claims;
  const isZombie = Boolean(zombie && !reap && !gone && !rootExit);
  if (isZombie) marks.push('zombie');
  if (!ended || isZombie) {
    const held = parent === null ? undefined : state.members.get(parent);
    const parentEnded = held ? hasEnded(held.claims) : false;
    const adopted = osParent === 1 && !isRoot(state, record);
    if (parentEnded || (adopted && held)) marks.push('orphan');
  }
  const waited = ended || state.now - startOf(state, record) > probeDelay;
  if (!start && waited && seen) marks.push('outside');
  return marks;
}

function threadsOf(record: MemberRecord): WorkerThread[] {
  return [...record.threads].sort(([a], [b]) => a - b).map(([id, { first, last, name, file, code }]) => {
    const exited = last.value.state === 'exited';
    return {
      id,
      name: name?.value ?? `worker thread ${id}`,
      file: file?.value ?? null,
      state: exited ? 'exited' : 'running',
      code: exited ? (code?.value ?? null) : null,
      startedAt: first.t,
      endedAt: exited ? last.t : null,
    };
  });
}

function nameOf(record: MemberRecord, argv: readonly string[], root: boolean): string {
  const { name, start, spawn } = record.claims;
  const told = name?.value ?? start?.value.name ?? spawn?.value.name;
  if (told && !(root && /^(npm|npx|yarn|pnpm)\b/.test(told))) return told;
  if (argv.length) return nameFromCommand(argv);
  return record.claims.seen?.value.comm ?? 'process';
}

/**
 * True for what was started before the program itself began: version managers such as pyenv put a shell script in its
 * place, which runs a dozen small programs and then becomes the interpreter by exec.
 */
function cameBeforeProgram(state: RunState, record: MemberRecord): boolean {
  const begun = state.members.get(state.root?.value ?? '')?.claims.firstStart?.t;
  return begun !== undefined && !record.claims.start && !record.claims.spawn && startOf(state, record) < begun - tolerance;
}

function roleOf(state: RunState, record: MemberRecord, argv: readonly string[], root: boolean): Member['role'] {
  if (root) return 'root';
  const told = [record.claims.role?.value, record.claims.spawn?.value.role];
  if (told.includes('helper')) return 'helper';
  // A child of the fork server shows the fork server's command line: multiprocessing knows better what it is.
  const known = /^(fork|spawn|forkserver)$/.test(record.claims.spawn?.value.method ?? '') && told.some((role) => role !== undefined);
  if (!known && argv.length && helperName(argv) !== undefined) return 'helper';
  // A shell that no program of the person's started by name is a subshell. One that ended at once shows its short name only.
  const command = argv.length ? argv : [record.claims.seen?.value.comm ?? ''];
  if (!record.claims.spawn && isShell(command)) return 'helper';
  if (cameBeforeProgram(state, record)) return 'helper';
  return told.includes('worker') ? 'worker' : 'child';
}

function startMethodOf(record: MemberRecord, root: boolean): string {
  if (root) return 'launch';
  const { spawn, method, start } = record.claims;
  return spawn?.value.method ?? method?.value ?? start?.value.method ?? 'unknown';
}

/** Rank of a process under mpirun, torchrun or srun, only where it is not just its parent's, inherited by the environment. */
function rankOf(state: RunState, record: MemberRecord, parent: ProcessRef | null): { rank: number | null; localRank: number | null; worldSize: number | null } {
  const own = record.claims.rank?.value;
  const inherited = parent === null ? undefined : state.members.get(parent)?.claims.rank?.value;
  const same = !own || (inherited && inherited.rank === own.rank);
  return same ? { rank: null, localRank: null, worldSize: null } : { rank: own.rank ?? null, localRank: own.localRank ?? null, worldSize: own.worldSize ?? null };
}

function targetOf(record: MemberRecord): Member['target'] {
  const target = record.claims.target?.value ?? record.claims.spawn?.value.target;
  return target ? { function: target.function ?? '', file: target.file, line: target.line } : null;
}

function innerOf(state: RunState, record: MemberRecord): Member['inner'] {
  if (isOnOtherHost(state, record)) return null;
  const { id, aliases, claims: { seen } } = record;
  const name = isInner(id) ? id : (aliases?.at(-1) ?? null);
  const pid = name === null ? seen?.value.innerPid : parseInt(name, 10);
  return pid === undefined ? null : { pid, id: name };
}

/** Works out one member from its claims. */
function derive(state: RunState, bare: MemberRecord): Member {
  const record = withLoose(state, bare);
  const { claims } = record;
  const root = isRoot(state, bare);
  const parent = logicalParent(state, record);
  const argv = commandLine(state, record, parent);
  const runtime = runtimeOf(record, argv);
  const exit = exitOf(state, record, runtime);
  const endedAt = endOf(state, record);
  const ended = endedAt !== null;
  const osParent = osParentOf(record);
  const name = nameOf(record, argv, root);
  const live = ended ? undefined : claims.sample?.value;
  return {
    id: record.id, pid: record.pid, inner: innerOf(state, record), confirmed: root || claims.seen !== undefined, startedAt: startOf(state, record), endedAt, parent, osParent, runtime,
    role: roleOf(state, record, argv, root),
    name,
    daemon: claims.daemon?.value ?? claims.start?.value.daemon ?? claims.spawn?.value.daemon ?? (name === 'MainProcess' ? false : null),
    startMethod: startMethodOf(record, root),
    target: targetOf(record),
    args: claims.spawn?.value.args ?? null,
    argv,
    cwd: claims.start?.value.cwd ?? claims.seen?.value.cwd ?? claims.spawn?.value.cwd ?? null,
    exe: claims.seen?.value.exe ?? claims.start?.value.exe ?? null,
    version: claims.start?.value.version ?? null,
    site: claims.spawn?.value.site ?? claims.start?.value.site ?? null,
    state: stateOf(record, ended),
    marks: marksOf(state, record, parent, ended, osParent),
    exit,
    endedBy: endedByOf(state, record, exit, endedAt),
    error: claims.error ? { type: claims.error.value.type, message: claims.error.value.message, traceback: claims.error.value.traceback } : null,
    osState: live?.state ?? null,
    load: live?.load ?? null,
    rss: live?.rss ?? null,
    threadCount: live?.threads ?? null,
    cpuSeconds: record.cpu || null,
    peakRssBytes: record.peakRss || null,
    ...rankOf(state, record, parent),
    host: hostOf(state, record),
    threads: threadsOf(record),
  };
}

/** Who sent the signal depends on who else was there. */
const endedBySignal = ({ claims }: MemberRecord): boolean => [claims.reap, claims.zombie, claims.rootExit].some((claim) => typeof claim?.value.signal === 'string');

/**
 * True for a record that something brought into being, not only a late word about one that was forgotten, and not
 * numbers alone: their table may be an earlier observer's, and nobody would ever tell of an end.
 */
function exists(state: RunState, { claims }: MemberRecord): boolean {
  if (claims.start ?? claims.spawn ?? claims.seen) return true;
  return state.forgotten === 0 && Object.keys(claims).some((told) => told !== 'sample');
}

/**
 * All members of the run, oldest first. Pass the same `kept` map each time: a member of which nothing changed
 * is then the same object as before.
 */
export function membersOf(state: RunState, kept: Map<ProcessRef, { key: string; member: Member }> = new Map()): Member[] {
  const root = state.root?.value ?? '';
  const found: Member[] = [];
  for (const record of [...state.members.values(), ...looseOnly(state)]) {
    if (!exists(state, record)) continue;
    const parent = kept.get(record.id)?.member.parent;
    const parentRecord = parent ? state.members.get(parent) : undefined;
    const settled = record.claims.start ?? hasEnded(record.claims);
    const key = [record.version, root, parentRecord?.version ?? '', state.run ? 1 : 0, state.end ? 1 : 0, state.outOfMemory.length, settled ? '' : Math.floor(state.now / 1000), ...(parent === null || endedBySignal(record) ? [state.members.size, state.aliases.size] : [])].join();
    const held = kept.get(record.id);
    if (held?.key === key) found.push(held.member);
    else {
      const member = derive(state, record);
      kept.set(record.id, { key, member });
      found.push(member);
    }
  }
  if (kept.size > found.length * 2 + 100) for (const id of kept.keys()) if (!state.members.has(id)) kept.delete(id);
  return found.sort((a, b) => a.startedAt - b.startedAt || a.pid - b.pid || (a.id < b.id ? -1 : 1));
}
