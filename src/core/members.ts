import type { MemberRecord } from './claims';
import { commandOf, runtimeOf } from './derive/commands';
import type { Derived } from './derive/derived';
import { endOf, exitOf } from './derive/endings';
import { relate } from './derive/family';
import { groupSights } from './derive/groups';
import { exists, hostOf, innerOf, isRoot, looseOnly, looseRecord, startOf, withLoose } from './derive/incarnations';
import { isOutside, isZombie, stateOf } from './derive/marks';
import { daemonOf, nameOf, rankOf, roleOf, startMethodOf, targetOf } from './derive/naming';
import { logicalParent, osParentOf } from './derive/parents';
import { threadsOf } from './derive/threads';
import { isCurrent, RunView, type ReadSet } from './derive/view';
import type { ProcessRef } from './events';
import type { Member } from './member';
import type { Address } from './namespaces';
import type { RunState } from './state';

export type { EndedBy, Mark, Member, Outcome, WorkerThread } from './member';

/** Works out one member from its claims, and from the facts that name it by its pid alone. */
function derive(view: RunView, bare: MemberRecord): Derived {
  const record = withLoose(view, bare);
  const { claims } = record;
  const root = isRoot(view, bare);
  const parent = logicalParent(view, record);
  const command = commandOf(view, record, parent);
  const runtime = runtimeOf(record, command.argv);
  const endedAt = endOf(view, record);
  const live = endedAt === null ? claims.sample?.value : undefined;
  const member: Member = {
    id: record.id, pid: record.pid, inner: innerOf(view, record), confirmed: root || claims.seen !== undefined,
    startedAt: startOf(view, record), endedAt, parent, osParent: osParentOf(record), runtime,
    role: roleOf(record, command, root),
    name: nameOf(record, command, root),
    title: command.title,
    daemon: daemonOf(record),
    startMethod: startMethodOf(record, root),
    target: targetOf(record),
    args: claims.spawn?.value.args ?? null,
    argv: command.argv,
    cwd: claims.start?.value.cwd ?? claims.seen?.value.cwd ?? claims.spawn?.value.cwd ?? null,
    exe: claims.seen?.value.exe ?? claims.start?.value.exe ?? null,
    version: claims.start?.value.version ?? null,
    site: claims.spawn?.value.site ?? claims.start?.value.site ?? null,
    state: stateOf(record, endedAt !== null),
    marks: isOutside(view, record, endedAt !== null) ? ['outside'] : [],
    exit: exitOf(view, record, runtime),
    endedBy: null,
    outcome: null,
    error: claims.error ? { type: claims.error.value.type, message: claims.error.value.message, traceback: claims.error.value.traceback } : null,
    osState: live?.state ?? null,
    load: live?.load ?? null,
    rss: live?.rss ?? null,
    threadCount: live?.threads ?? null,
    cpuSeconds: record.cpu || null,
    peakRssBytes: record.peakRss || null,
    ...rankOf(view, record, parent),
    host: hostOf(view, record),
    threads: threadsOf(record, endedAt),
  };
  const probed = claims.start !== undefined && !(claims.exec && claims.exec.t > claims.start.t);
  return {
    member, record, role: member.role, marks: member.marks, groups: groupSights(record), zombie: isZombie(record),
    adopted: claims.seen?.value.reaper !== undefined, probed,
  };
}

/** One member as it was derived last, and what was read for it. */
interface Kept {
  version: number;
  read: ReadSet;
  derived: Derived;
}

/** What a reader of one run keeps between two calls of {@link membersOf}: only what has changed is derived anew. */
export class KeptMembers {
  /** by id */
  entries = new Map<ProcessRef, Kept>();
  /** whose members they are; and what concerns all of them alike, as it was when they were derived */
  state: RunState | undefined;
  run: RunState['run'];
  root: RunState['root'];
  end: RunState['end'];
  version = -1;
  list: Member[] = [];
}

/**
 * All members of the run, oldest first. Pass the same `kept` each time: a member of which nothing changed is then the same
 * object as before, and when nothing changed at all, so is the list. What comes out is the same as without `kept`.
 */
export function membersOf(state: RunState, kept = new KeptMembers()): Member[] {
  const { run, root, end, version } = state;
  if (kept.state === state && kept.version === version) return kept.list;
  if (kept.state !== state || kept.run !== run || kept.root !== root || kept.end !== end) kept.entries.clear();
  Object.assign(kept, { state, run, root, end, version });
  const found = [...state.members.values()].filter((record) => exists(state, record)).map((record) => current(state, kept, record));
  for (const address of looseOnly(state)) {
    const one = looseMember(state, kept, address);
    if (exists(state, one.derived.record)) found.push(one);
  }
  if (kept.entries.size > found.length * 2 + 100) kept.entries = new Map(found.map((one) => [one.derived.member.id, one]));
  const all = found.map(({ derived }) => derived);
  relate(state, all);
  kept.list = all.map(({ member }) => member).sort((a, b) => a.startedAt - b.startedAt || a.pid - b.pid || (a.id < b.id ? -1 : 1));
  return kept.list;
}

/** The member of a record; derived anew when something that was read for it has changed. */
function current(state: RunState, kept: KeptMembers, record: MemberRecord): Kept {
  const held = kept.entries.get(record.id);
  return held?.version === record.version && isCurrent(state, held.read) ? held : renew(state, kept, record, record.version);
}

/** The member of an address of which nothing better is known. */
function looseMember(state: RunState, kept: KeptMembers, address: Address): Kept {
  const { facts, version } = state.loose.get(address) ?? { facts: [], version: 0 };
  const held = kept.entries.get(String(address));
  return held?.version === version && isCurrent(state, held.read) ? held : renew(state, kept, looseRecord(address, facts), version);
}

function renew(state: RunState, kept: KeptMembers, record: MemberRecord, version: number): Kept {
  const view = new RunView(state);
  const derived = derive(view, record);
  const one = { version, read: view.readSet, derived };
  kept.entries.set(record.id, one);
  return one;
}
