import type { Mark, Member } from '../member';
import type { MemberRecord } from '../claims';
import type { Derived } from './derived';
import { startOf } from './incarnations';
import type { RunView } from './view';

/** The state of a process, and what is remarkable about it while it is so. */

/** A probe that has not spoken this long after its process was seen will not speak. In ms. */
export const probeDelay = 2_000;
/** A helper may outlive its parent for so long: a resource tracker cleans up, a fork server notices that nobody asks any more. In ms. */
const helperDelay = 5_000;

export function stateOf({ claims: { sample, start, seen, spawn } }: MemberRecord, ended: boolean): Member['state'] {
  if (ended) return 'exited';
  if (sample && /^[Tt]$/.test(sample.value.state)) return 'stopped';
  return start ?? seen ?? sample ?? (spawn && spawn.value.method.startsWith('os.fork')) ? 'running' : 'starting';
}

/** True for a process that nobody has waited for yet. */
export function isZombie({ claims: { zombie, reap, gone, rootExit } }: MemberRecord): boolean {
  return Boolean(zombie && !reap && !gone && !rootExit);
}

/** True for a process that no probe has entered, as far as one would have spoken by now. */
export function isOutside(view: RunView, record: MemberRecord, ended: boolean): boolean {
  const { start, seen } = record.claims;
  return !start && seen !== undefined && (ended || view.isAfter(startOf(view, record) + probeDelay));
}

/**
 * The marks that depend on others, as they stand now: on the logical parent, and on whether the parent in the operating
 * system is a living member (`hasReaper`), who ought to wait for it. `now` in ms since the epoch.
 */
export function familyMarks({ member, zombie, adopted }: Derived, parent: Member | undefined, hasReaper: boolean, now: number): Mark[] {
  if (member.endedAt !== null) return zombie ? [hasReaper || member.role === 'root' ? 'zombie' : 'unreaped'] : [];
  const leftAt = parent?.endedAt ?? null;
  const takenOver = (adopted || member.osParent === 1) && member.role !== 'root' && parent !== undefined;
  if (leftAt === null && !takenOver) return [];
  return member.role === 'helper' && leftAt !== null && now < leftAt + helperDelay ? [] : ['orphan'];
}
