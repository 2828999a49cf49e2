import type { MemberRecord } from '../claims';
import type { ProcessRef } from '../events';
import { addressBeside, isInner, pidOf, spaceOf, type Address } from '../namespaces';

/** Process groups: `kill(2)` with a negative pid reaches all that are in one at that moment. */

/** A process group, by its number in some pid namespace, at a time (ms since the epoch) when somebody saw the process in it. */
export type GroupSight = readonly [t: number, group: Address];

/** The group that a signal was sent to: `-7`, or `-7@9` in another pid namespace. */
export const groupOf = (to: ProcessRef): Address => (isInner(to) ? `${-pidOf(to)}@${spaceOf(to)}` : -pidOf(to));

/** When and in which groups a process was seen, by the sampler and by its own probe; by time. */
export function groupSights({ claims: { start, firstStart, seen, firstSeen } }: MemberRecord): readonly GroupSight[] {
  const told = [start, firstStart, seen, firstSeen].flatMap((claim) => (claim ? [claim.value] : []));
  const sights = told.flatMap(({ t, id, pgid }): GroupSight[] => (pgid === undefined ? [] : [[t, addressBeside(id, pgid)]]));
  return sights.sort((a, b) => a[0] - b[0] || (String(a[1]) < String(b[1]) ? -1 : 1));
}

/**
 * The group in which a process was at `t`, as a pid namespace numbers it: the one that it was seen in before, unless it was
 * in another when it was seen next. Undefined where that is not known: of a process that nobody had seen yet, or that was on
 * its way.
 */
export function groupAt(sights: readonly GroupSight[], t: number, space: string): Address | undefined {
  const here = sights.filter(([, group]) => spaceOf(group) === space);
  const before = here.findLast(([seenAt]) => seenAt <= t)?.[1];
  const after = here.find(([seenAt]) => seenAt > t)?.[1];
  return after === undefined || after === before ? before : undefined;
}
