import type { ProcessRef, SignalEvent } from '../events';
import type { EndedBy } from '../member';
import { isInner, spaceOf, type Address } from '../namespaces';
import { recordNamed, type RunState } from '../state';
import type { Derived } from './derived';
import { groupAt, groupOf } from './groups';
import { tolerance } from './incarnations';
import { probeDelay } from './marks';

/** Who sent the signals that ended members. Everything that all members have to be looked at for is gathered in one pass. */

/** Clocks of several processes tell of one moment; in ms. */
const slack = 250;

/** Signals that only somebody sends: the kernel does not, for a fault or a limit (it sends SIGKILL for both). */
const sentBySomebody = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']);

/** `kill(-1)` means everybody but the caller, in its pid namespace and those below: the group 1 is that of its init, to which nothing can be sent. */
const everybody = (space: string): Address => (space === '' ? 1 : `1@${space}`);

/** The pid namespaces in which a process is known: the launcher's, and those inside it. */
function spacesOf({ record: { id, aliases = [] } }: Derived): string[] {
  return ['', ...[id, ...aliases].filter(isInner).map(spaceOf)];
}

type Span = readonly [from: number, to: number];

/** Spans of time, merged where they touch, by their start. */
function merged(spans: Span[]): Span[] {
  const found: [number, number][] = [];
  for (const [from, to] of spans.sort((a, b) => a[0] - b[0])) {
    const last = found.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else found.push([from, to]);
  }
  return found;
}

/** Index of the first element that fits, in a list in which all that follow it fit, too. */
function firstIndex<T>(list: readonly T[], fits: (element: T) => boolean): number {
  let from = 0;
  let to = list.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (fits(list[middle] as T)) to = middle;
    else from = middle + 1;
  }
  return from;
}

const includes = (spans: readonly Span[], t: number): boolean => t <= (spans[firstIndex(spans, ([from]) => from > t) - 1]?.[1] ?? -Infinity);

const diedUnasked = ({ member, record }: Derived): boolean => member.exit?.signal === 'SIGKILL' && !record.signals.some(({ signal }) => signal === 'SIGKILL');

/** Who sent a signal that was told of. */
export function senderOf({ by, id, signal, via, site }: SignalEvent): EndedBy {
  return {
    by: by === 'procession' ? 'procession' : 'member',
    signal,
    ...(by === 'procession' ? {} : { member: id }),
    ...(via === undefined ? {} : { via }),
    ...(site === undefined ? {} : { site }),
  };
}

/** What is known of a run's signals. */
export class Senders {
  /** by group, each by time */
  readonly #toGroups = new Map<Address, SignalEvent[]>();
  /** hosts of members, where it is not the run's own */
  readonly #hosts = new Map<ProcessRef, string>();
  /** when there were members without a probe, which may have sent anything */
  readonly #unwatched: Span[];
  /** when the kernel killed for want of memory, as often as members ended so */
  readonly #outOfMemory: { from: number; to: number; evidence: string }[];

  constructor(all: readonly Derived[], private readonly state: RunState) {
    for (const signal of state.groupSignals) {
      const group = groupOf(signal.to);
      const held = this.#toGroups.get(group);
      if (held) held.push(signal);
      else this.#toGroups.set(group, [signal]);
    }
    const unwatched: Span[] = [];
    const killed: number[] = [];
    for (const derived of all) {
      const { id, host, startedAt, endedAt } = derived.member;
      if (host !== null && host !== state.run?.value.host) this.#hosts.set(id, host);
      if (!derived.probed) unwatched.push([startedAt, (endedAt ?? Infinity) + probeDelay]);
      if (diedUnasked(derived) && endedAt !== null) killed.push(endedAt);
    }
    this.#unwatched = merged(unwatched);
    killed.sort((a, b) => a - b);
    this.#outOfMemory = state.outOfMemory.flatMap(({ since, t, kills, evidence }) => {
      const [from, to] = [since - slack, t + slack];
      const during = firstIndex(killed, (at) => at > to) - firstIndex(killed, (at) => at >= from);
      return during <= kills ? [{ from, to, evidence }] : [];
    });
  }

  /**
   * The signals that members and Procession told to have sent to a member before it ended, to it alone or to its group; by
   * time, with their senders as members.
   */
  sentTo(derived: Derived): SignalEvent[] {
    const until = (derived.member.endedAt ?? Infinity) + slack;
    const sent = [...derived.record.signals, ...this.#sentToGroup(derived)].filter(({ t }) => t <= until);
    return sent.map((signal) => this.#bySender(signal)).sort((a, b) => a.t - b.t);
  }

  /** A process of another pid namespace calls itself by its name there. */
  #bySender(signal: SignalEvent): SignalEvent {
    return isInner(signal.id) ? { ...signal, id: recordNamed(this.state, signal.id)?.id ?? signal.id } : signal;
  }

  /** The signals to groups that are known to have reached a member: it was in the group. One to everybody reaches all but its sender. */
  #sentToGroup(derived: Derived): SignalEvent[] {
    const groups = [...new Set(derived.groups.map(([, group]) => group)), ...spacesOf(derived).map(everybody)];
    return groups.flatMap((group) => (this.#toGroups.get(group) ?? []).filter((signal) => this.#reached(signal, group, derived)));
  }

  #reached(signal: SignalEvent, group: Address, derived: Derived): boolean {
    const space = spaceOf(group);
    if (!this.#canReach(signal, derived)) return false;
    return group === everybody(space) ? this.#bySender(signal).id !== derived.member.id : groupAt(derived.groups, signal.t, space) === group;
  }

  #canReach(signal: SignalEvent, { member }: Derived): boolean {
    return signal.t >= member.startedAt - tolerance && this.#hosts.get(this.#bySender(signal).id) === this.#hosts.get(member.id);
  }

  /** True when a signal of this name was sent to some group, and in which the member was then is not known. */
  #mayHaveReached(derived: Derived, name: string): boolean {
    const spaces = spacesOf(derived);
    return this.state.groupSignals.some((signal) => {
      const space = spaceOf(signal.to);
      if (signal.signal !== name || groupOf(signal.to) === everybody(space) || !this.#canReach(signal, derived)) return false;
      // Of a process that was seen in another pid namespace it may not be known by which name.
      const mayBeThere = spaces.includes(space) || (derived.member.inner !== null && spaces.length === 1);
      return mayBeThere && groupAt(derived.groups, signal.t, space) === undefined;
    });
  }

  /** Who ended a member by a signal, if that was what ended it. `sent` as {@link sentTo} tells. */
  endedBy(derived: Derived, sent: readonly SignalEvent[]): EndedBy | null {
    const { member } = derived;
    const signal = member.exit?.signal;
    if (!signal || member.endedAt === null) return null;
    const last = sent.findLast((one) => one.signal === signal);
    return last ? senderOf(last) : this.#unseen(derived, signal, member.endedAt);
  }

  /**
   * A signal that nobody told of. That the kernel killed for want of memory is said only when its counter stepped while the
   * member ended by −9, and no more members ended so than it counted: a −9 alone is no evidence. It came from outside the
   * run when a probe was in every member that lived then, and none of them told of it.
   */
  #unseen(derived: Derived, signal: string, endedAt: number): EndedBy {
    const evidence = diedUnasked(derived) ? this.#outOfMemory.find(({ from, to }) => endedAt >= from && endedAt <= to)?.evidence : undefined;
    if (evidence !== undefined) return { by: 'kernel', signal, via: evidence };
    const outside = sentBySomebody.has(signal) && !includes(this.#unwatched, endedAt) && !this.#mayHaveReached(derived, signal);
    return { by: outside ? 'outside' : 'unknown', signal };
  }
}
