import type { ProcessRef } from '../events';
import { addressBeside, isInner } from '../namespaces';
import type { Claim, MemberRecord } from '../claims';
import { isElsewhere, isRoot, whoHad } from './incarnations';
import type { RunView } from './view';

/** Who asked for a process, and whose child it is in the operating system. */

/** The logical parent: who told of the spawn, else the parent in the operating system at first sight, else the nearest ancestor with a probe. */
export function logicalParent(view: RunView, record: MemberRecord): ProcessRef | null {
  if (isRoot(view, record)) return null;
  const { spawn, firstStart, firstSeen } = record.claims;
  const candidates: (ProcessRef | undefined)[] = [spawn?.value.id];
  const start = firstStart?.value;
  if (start && /fork$/.test(start.method ?? '')) candidates.push(start.parent);
  const sights = isElsewhere(view, record) ? [] : [start, firstSeen?.value];
  for (const sight of sights) {
    // The first process of an inner pid namespace is its own world's init, and may well be somebody's parent.
    const isChild = sight && sight.ppid > (isInner(sight.id) ? 0 : 1);
    if (isChild) candidates.push(whoHad(view, addressBeside(sight.id, sight.ppid), sight.t)?.id);
  }
  candidates.push(start?.parent, firstSeen?.value.parent);
  const known = candidates.map((ref) => (ref === undefined ? undefined : view.record(ref)?.id));
  return known.find((id) => id !== undefined && id !== record.id) ?? null;
}

/** The parent in the operating system, as it was told last. What a process of an inner pid namespace calls its parent is no pid out here. */
export function osParentOf({ claims: { seen, sample, start } }: MemberRecord): number | null {
  return latestOf<{ ppid: number }>([start && isInner(start.value.id) ? undefined : start, seen, sample])?.value.ppid ?? null;
}

/** The latest of some claims; of two at the same time the one that stands later in the list. */
export function latestOf<T>(claims: readonly (Claim<T> | undefined)[]): Claim<T> | undefined {
  return claims.reduce<Claim<T> | undefined>((a, b) => (!a || (b && b.t >= a.t) ? b : a), undefined);
}
