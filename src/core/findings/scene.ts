import type { ProcessRef, Site } from '../events';
import type { Tasks } from '../insight/facts';
import type { InsightState } from '../insight/projection';
import { latestRound } from '../insight/projection';
import type { Aliveness } from '../insight/reach';
import { situationOf, type Situation } from '../insight/situation';
import type { Subject, Thread } from '../insight/threads';
import type { Wait } from '../insight/waits';
import type { Member } from '../members';
import type { RunState } from '../state';
import type { FindingSite } from './finding';

/** A reason why some can never go on: they wait for nobody but each other. */
export interface Cause {
  /** names of its nodes, and of all nodes that wait for it */
  nodes: ReadonlySet<string>;
  victims: ReadonlySet<string>;
  /** the waits of its threads; of those in front of it where it has none itself */
  waits: readonly Wait[];
  /** the waits of all threads that can't go on because of it */
  blocked: readonly Wait[];
  /** the same with those of helpers, of idle workers, and of threads that a runtime keeps for itself */
  all: readonly Wait[];
}

/** What the rules look at. */
export interface Scene {
  state: RunState;
  insight: InsightState;
  members: readonly Member[];
  byId: ReadonlyMap<ProcessRef, Member>;
  now: number;
  /** when Procession began to stop the run, or a person interrupted its first process; Infinity: nobody did */
  stoppedAt: number;
  /** what the latest inquiry has found; undefined when there was none */
  round: Situation | undefined;
  /** the same, if somebody can't go on; undefined when the run has gone on since */
  situation: Situation | undefined;
  causes: readonly Cause[];
  /** as `causes`, when what was stopped by a signal stays so */
  causesWhenStopped: readonly Cause[];
}

/** ms: an event of a process that was on its way while somebody looked at it is no sign that it goes on */
const grace = 50;
/** ms: a program that is interrupted says its last words before it has ended */
const ending = 1_000;

/** Ends that somebody else has brought about, so that they say nothing of whether the member could have gone on. */
const interruptions = new Set(['SIGINT', 'SIGTERM', 'SIGKILL', 'SIGHUP', 'SIGQUIT']);

function wasInterrupted({ exit, error }: Member): boolean {
  return (exit?.signal !== null && exit?.signal !== undefined && interruptions.has(exit.signal)) || error?.type === 'KeyboardInterrupt';
}

/** When the run was interrupted after a time: by Procession, or by a person. What comes later is no news of the program's own. */
function interruptedAfter(state: RunState, members: readonly Member[], t: number): number {
  const interrupted = members.filter(wasInterrupted).map(({ endedAt }) => (endedAt ?? 0) - ending).filter((at) => at >= t);
  return Math.min(Infinity, ...state.insight.steered.filter((at) => at >= t), ...interrupted);
}

/** Whether somebody has gone on since an inquiry, by himself. */
function hasGoneOn(state: RunState, members: readonly Member[], t: number, involved: ReadonlySet<ProcessRef>): boolean {
  const { heard } = state.insight;
  const until = interruptedAfter(state, members, t);
  return members.some(({ id, endedAt }) => involved.has(id) && [heard.get(id) ?? 0, endedAt ?? 0].some((at) => at > t + grace && at < until));
}

function causesOf({ subjects, wakers }: Situation, fate: Aliveness): Cause[] {
  const waits = subjects.flatMap(({ threads }) => threads.flatMap((thread) => wakers.waits.get(thread.node) ?? []));
  return fate.causes().map((cause) => {
    const victims = fate.victimsOf(cause);
    const all = waits.filter(({ thread }) => victims.has(thread.node));
    const blocked = all.filter(matters);
    const nodes = new Set(cause);
    const own = blocked.filter(({ thread }) => nodes.has(thread.node));
    return { nodes, victims, all, blocked, waits: own.length > 0 ? own : blocked };
  }).filter(({ waits: found }) => found.length > 0);
}

/** A wait that a person would care about: not that of an idle worker, nor of a thread that a runtime keeps for itself. */
function matters({ kind, thread, subject, path }: Wait): boolean {
  if (subject.member.role === 'helper' || kind === 'idle') return false;
  return thread.main || path.length > 0 || kind === 'feed' || kind === 'import' || kind === 'loop' || kind === 'atomics';
}

/** Puts together what the rules look at. */
export function sceneOf(state: RunState, members: readonly Member[], now: number): Scene {
  const { insight } = state;
  const round = latestRound(insight);
  const found = round && situationOf(members, round, insight);
  const involved = new Set(found?.subjects.filter(({ threads }) => threads.some(({ node }) => !found.fateWhenStopped.isAlive(node))).map(({ member }) => member.id));
  const situation = found && involved.size > 0 && !hasGoneOn(state, members, found.t, involved) ? found : undefined;
  return {
    state,
    insight,
    members,
    byId: new Map(members.map((member) => [member.id, member])),
    now,
    stoppedAt: stoppedAt(state, members),
    round: found,
    situation,
    causes: situation ? causesOf(situation, situation.fate) : [],
    causesWhenStopped: situation ? causesOf(situation, situation.fateWhenStopped) : [],
  };
}

/** From when on members end because the run is being ended, not of themselves. */
function stoppedAt({ insight, root }: RunState, members: readonly Member[]): number {
  const first = members.find(({ id }) => id === root?.value);
  const interrupted = first && wasInterrupted(first) ? (first.endedAt ?? Infinity) - ending : Infinity;
  return Math.min(insight.steered[0] ?? Infinity, interrupted);
}

/** The members of some waits, each once. */
export const membersIn = (waits: readonly Wait[]): Member[] => [...new Set(waits.map(({ subject }) => subject.member))];

/** How a person would call a member. */
export const whoIs = ({ name, pid }: Member): string => `${name} (${pid})`;

/** `a`, `a and b`, `a, b and 3 more`. */
export function list(names: readonly string[], most = 4): string {
  const shown = names.length > most ? [...names.slice(0, most - 1), `${names.length - most + 1} more`] : names;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`;
}

/** A line as a person would write it: `main.py:25`. */
export const lineOf = ({ file, line }: Site): string => `${file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1)}:${line}`;

/** A place of a finding; an empty list where it is not known. */
export const site = (where: Site | null | undefined, role: FindingSite['role']): FindingSite[] => (where && where.file !== '<string>' ? [{ ...where, role }] : []);

/** Each place once. */
export function sites(...lists: readonly FindingSite[][]): FindingSite[] {
  const found = new Map(lists.flat().map((one) => [`${one.file}:${one.line} ${one.role}`, one]));
  return [...found.values()];
}

/** Since when nothing was heard of some members. */
export function quietSince({ round }: Scene, members: readonly Member[]): number {
  return Math.max(0, ...members.map(({ id, startedAt }) => Math.max(startedAt, round?.subjects.find(({ member }) => member.id === id)?.look.heard ?? 0)));
}

/** The member that a pid named when the inquiry was made. */
export const byPid = ({ situation }: Scene, pid: number): Subject | undefined => situation?.subjects.find(({ member }) => member.pid === pid);

/** The subject of a member in an inquiry. */
export const subjectOfMember = ({ subjects }: Situation, id: ProcessRef | null): Subject | undefined => subjects.find(({ member }) => member.id === id);

/** Whether what the latest inquiry saw of a member still holds: it has not spoken since, nor ended of itself. */
export function isCurrent({ round, insight, stoppedAt }: Scene, { id, endedAt }: Member): boolean {
  if (!round) return false;
  return [insight.heard.get(id) ?? 0, endedAt ?? 0].every((at) => at <= round.t + grace || at >= stoppedAt);
}

/** The task that a worker was in when it was last looked at, or when it ended. */
export const taskOf = ({ insight }: Scene, { id }: Member): Tasks['current'] => insight.tasks.get(id)?.view.current;

/** A task as Python would write the call. */
export const callOf = (task: NonNullable<Tasks['current']>): string => `${task.function}(${task.arguments ?? ''}${task.chunk === undefined ? '' : `, and ${task.chunk - 1} more of its chunk`})`;

/** What a parent may call a child of its: by its id, or by its pid, also in a pid namespace of their own. */
export const namesOf = ({ id, pid, inner }: Member): string[] => [id, String(pid), ...(inner ? [String(inner.pid)] : [])];

/** Where the first message to a forked child of Node was sent. */
export const submittedTo = ({ insight }: Scene, member: Member): Site | undefined => namesOf(member).flatMap((name) => insight.submitted.get(name) ?? [])[0]?.site;

/** A thread by a name that tells a person where it is: `left`, `left, thread QueueFeederThread`. */
export const threadName = ({ member, main, fact, look }: Thread): string => (main ? whoIs(member) : `${whoIs(member)}, thread ${fact?.name ?? look.name}`);


/** True for a member that had ended by a time. */
export const livedUntil = ({ endedAt }: Member, t: number): boolean => endedAt !== null && endedAt <= t;
