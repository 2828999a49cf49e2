import type { MemberRecord } from '../state';

/** Process groups: `kill(2)` with a negative pid reaches all that are in one at that moment. */

/** A process group at a time when somebody saw the process in it; sorted by time. */
export type GroupSight = readonly [t: number, pgid: number];

/** When and in which groups a process was seen, by the sampler and by its own probe. */
export function groupSights({ claims: { start, firstStart, seen, firstSeen } }: MemberRecord): readonly GroupSight[] {
  const sights = [start, firstStart, seen, firstSeen].flatMap((claim): GroupSight[] => (claim?.value.pgid === undefined ? [] : [[claim.t, claim.value.pgid]]));
  return sights.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

/**
 * The group in which a process was at `t` (ms since the epoch): the one that it was seen in before, unless it was in
 * another when it was seen next. Undefined where that is not known: a process that nobody had seen yet, or that was on its way.
 */
export function groupAt(sights: readonly GroupSight[], t: number): number | undefined {
  const before = sights.findLast(([seenAt]) => seenAt <= t)?.[1];
  const after = sights.find(([seenAt]) => seenAt > t)?.[1];
  return after === undefined || after === before ? before : undefined;
}
