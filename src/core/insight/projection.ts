import type { AnswerEvent, CallEvent, CrowdEvent, ErrorEvent, Event, InquiryEvent, LookEvent, PortsEvent, ProcessRef, RetireEvent, SubmitEvent, TasksEvent } from '../events';

/**
 * What the findings need besides the run state: the latest inquiries, when each member was last heard of, and the blocking calls
 * that are open. Like the run state it does not depend on the order in which events are read, nor on events read twice.
 */
export interface InsightState {
  /** the newest inquiries by their number */
  rounds: Map<number, Round>;
  /** time of the newest event that a process has written itself */
  heard: Map<ProcessRef, number>;
  /** the newest call of each process that blocks until a child has ended, and the newest news of a child after it */
  calls: Map<ProcessRef, CallEvent>;
  childNews: Map<ProcessRef, number>;
  /** errors that have ended a thread of a process, at most 8 of each */
  threadErrors: Map<ProcessRef, ErrorEvent[]>;
  /** children of spawn and forkserver that have got what their parent gave them */
  introduced: Set<ProcessRef>;
  /** children at whose end their parent has looked: `<parent> <pid>` → when */
  read: Map<string, number>;
  /** where the first message to a child or thread was sent: by the child's id or pid, or by `<process> <thread>` */
  submitted: Map<string, SubmitEvent>;
  /** the first time that a worker of a cluster was told to end, by its id or pid */
  retired: Map<string, RetireEvent>;
  /** the newest of each worker's page of tasks */
  tasks: Map<ProcessRef, TasksEvent>;
  /** who held ports that were in use, by time */
  ports: PortsEvent[];
  /** times at which far too many threads wanted to run */
  crowds: CrowdEvent[];
  /** times at which Procession itself sent signals: what ends after that is no sign of life */
  steered: number[];
}

/** One inquiry: what was seen of the members, and what they answered. */
export interface Round {
  round: number;
  looks: Map<ProcessRef, LookEvent>;
  answers: Map<ProcessRef, AnswerEvent>;
  /** set when the inquiry was carried out to its end */
  done: InquiryEvent | undefined;
}

/** So many inquiries are kept: one may be under way while the one before it still explains. */
const keptRounds = 3;
const keptSignals = 1_000;
const keptErrors = 8;
const keptCrowds = 32;

export function emptyInsight(): InsightState {
  return { rounds: new Map(), heard: new Map(), calls: new Map(), childNews: new Map(), introduced: new Set(), threadErrors: new Map(), read: new Map(), tasks: new Map(), submitted: new Map(), retired: new Map(), ports: [], crowds: [], steered: [] };
}

function roundOf(insight: InsightState, round: number): Round | undefined {
  const held = insight.rounds.get(round);
  if (held) return held;
  if (insight.rounds.size >= keptRounds) {
    const oldest = Math.min(...insight.rounds.keys());
    if (round < oldest) return undefined;
    insight.rounds.delete(oldest);
  }
  const made: Round = { round, looks: new Map(), answers: new Map(), done: undefined };
  insight.rounds.set(round, made);
  return made;
}

const text = (value: unknown): string => JSON.stringify(value) ?? '';

/** The later of two events; on a tie the one whose text is greater. */
function later<E extends Event>(held: E | undefined, event: E): E {
  if (!held || event.t > held.t) return event;
  return event.t === held.t && text(event) > text(held) ? event : held;
}

const raise = (times: Map<string, number>, id: string, t: number): void => {
  if (t > (times.get(id) ?? 0)) times.set(id, t);
};

/** What a process is called in the pid namespace of the run's launcher. */
type NameOf = (ref: ProcessRef) => ProcessRef;

/** Folds one event into the state, which it changes in place. */
export function noteEvent(insight: InsightState, event: Event, nameOf: NameOf): void {
  const id = nameOf(event.id);
  if (isOfProcess(event)) raise(insight.heard, id, event.t);
  switch (event.e) {
    case 'look': {
      const looks = roundOf(insight, event.round)?.looks;
      looks?.set(event.child, later(looks.get(event.child), event));
      break;
    }
    case 'answer': {
      const answers = roundOf(insight, event.round)?.answers;
      answers?.set(event.child, later(answers.get(event.child), event));
      break;
    }
    case 'inquiry': {
      const round = roundOf(insight, event.round);
      if (round) round.done = later(round.done, event);
      break;
    }
    case 'call':
      if (event.thread === undefined) insight.calls.set(id, later(insight.calls.get(id), event));
      break;
    case 'spawn':
    case 'reap':
    case 'spawnFailed':
      raise(insight.childNews, id, event.t);
      break;
    case 'self':
      if (event.method !== undefined) insight.introduced.add(id);
      break;
    case 'signal':
      if (event.by === 'procession') noteSteering(insight, event.t);
      break;
    case 'ports':
      insight.ports = sorted(insight.ports, event, keptErrors);
      break;
    case 'tasks':
      insight.tasks.set(event.child, later(insight.tasks.get(event.child), event));
      break;
    case 'crowd':
      insight.crowds = sorted(insight.crowds, event, keptCrowds);
      break;
    case 'error':
      if (event.thread !== undefined) insight.threadErrors.set(id, sorted(insight.threadErrors.get(id) ?? [], event, keptErrors));
      break;
    case 'read':
      raise(insight.read, `${id} ${event.child}`, event.t);
      break;
    case 'submit': {
      const to = event.child ?? `${id} ${event.thread ?? ''}`;
      if (event.t < (insight.submitted.get(to)?.t ?? Infinity)) insight.submitted.set(to, event);
      break;
    }
    case 'retire':
      if (event.t < (insight.retired.get(event.child)?.t ?? Infinity)) insight.retired.set(event.child, event);
      break;
    default:
      break;
  }
}

/** Events by which a process shows that it goes on: it has written them itself. */
function isOfProcess(event: Event): boolean {
  return ownWords.has(event.e) && !(event.e === 'signal' && event.by === 'procession');
}

const ownWords = new Set<Event['e']>(['start', 'self', 'exec', 'exit', 'thread', 'call', 'spawn', 'reap', 'spawnFailed', 'signal', 'error', 'read', 'submit', 'retire']);

/** A process was known by another name: what was told under it is the same process's. */
export function renameProcess(insight: InsightState, from: ProcessRef, to: ProcessRef): void {
  const { heard, childNews, calls, introduced, threadErrors } = insight;
  for (const times of [heard, childNews]) {
    raise(times, to, times.get(from) ?? 0);
    times.delete(from);
  }
  const call = calls.get(from);
  if (call) calls.set(to, later(calls.get(to), call));
  calls.delete(from);
  if (introduced.delete(from)) introduced.add(to);
  for (const error of threadErrors.get(from) ?? []) threadErrors.set(to, sorted(threadErrors.get(to) ?? [], error, keptErrors));
  threadErrors.delete(from);
}

/** A list by time that holds nothing twice, with another event in it. */
function sorted<E extends Event>(held: readonly E[], event: E, limit: number): E[] {
  if (held.some((other) => other.t === event.t && text(other) === text(event))) return [...held];
  return [...held, event].sort((a, b) => a.t - b.t || (text(a) < text(b) ? -1 : 1)).slice(0, limit);
}

function noteSteering({ steered }: InsightState, t: number): void {
  if (steered.includes(t)) return;
  steered.push(t);
  steered.sort((a, b) => a - b);
  if (steered.length > keptSignals) steered.pop();
}

/** Lets go of what was kept of a process that ended long ago. */
export function forgetProcess({ heard, calls, childNews, introduced, threadErrors, tasks, read, submitted, retired }: InsightState, id: ProcessRef): void {
  for (const kept of [heard, calls, childNews, introduced, threadErrors, tasks, submitted, retired]) kept.delete(id);
  for (const kept of [read, submitted]) for (const key of kept.keys()) if (key.startsWith(`${id} `)) kept.delete(key);
}

/** The newest inquiry that was carried out to its end. */
export function latestRound(insight: InsightState): Round | undefined {
  const done = [...insight.rounds.values()].filter((round) => round.done);
  return done.sort((a, b) => a.round - b.round).at(-1);
}

/** The call in which a process is blocked until its child has ended; undefined when it is in none. */
export function openCall(insight: InsightState, id: ProcessRef): CallEvent | undefined {
  const call = insight.calls.get(id);
  return call && (insight.childNews.get(id) ?? 0) < call.t ? call : undefined;
}
