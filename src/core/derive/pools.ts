import type { MemberRecord } from '../claims';
import type { ProcessRef } from '../events';
import type { EndedBy, Member, Outcome } from '../member';
import { isLibrary } from '../paths';
import type { Ended } from './derived';

/**
 * Pools of Python: multiprocessing.Pool, concurrent.futures, joblib's loky. A pool ends its workers by signals, and an
 * executor that loses a worker is broken: it ends all others.
 */

/** Workers of a broken pool end within so much time of each other, in ms. */
const breakTime = 5_000;

/** True for a worker of a pool that lives in its parent. A worker of Node's cluster is none: its parent may end it as it likes. */
const isPoolWorker = ({ role, parent, startMethod }: Member): boolean =>
  role === 'worker' && parent !== null && /^(fork|spawn|forkserver|loky\w*)$/.test(startMethod);

/**
 * Calls in which a pool ends its workers though a line of the person's is on the stack: its methods, and those of its
 * processes, which it calls by itself when it is collected as garbage.
 */
const poolCall = /^(Thread)?Pool\.|Executor\.|^(terminate_workers|kill_workers|shutdown)$|^Process\.(terminate|kill)$/;

/** Whether a library sent a signal on its own: no line of the person's was on the stack. */
const byLibrary = (sender: EndedBy): boolean => sender.site === undefined || isLibrary(sender.site.file);

/** True for a worker's parent that sent a signal to it directly, by a line of the person's: that is none of the pool's doing. */
export const wentPastPool = (member: Member, sender: EndedBy): boolean =>
  isPoolWorker(member) && sender.member === member.parent && !isPoolsOwn(member, sender);

/** True for a signal by which a pool ends its own worker: its parent sent it, by a method of the pool or from the pool's threads. */
export const isPoolsOwn = (member: Member, sender: EndedBy): boolean =>
  isPoolWorker(member) && sender.member === member.parent && (byLibrary(sender) || poolCall.test(sender.via ?? ''));

/** multiprocessing.Pool replaces a worker that died, and goes on. Its workers are told by the names that it gives them. */
const isReplaced = ({ claims: { spawn, start } }: MemberRecord): boolean => /PoolWorker-\d+/.test(spawn?.value.name ?? start?.value.name ?? '');

/** True for a worker that ended other than by its pool or by somebody who ends all: by a fault, or by a call that leaves in the middle of a task. */
function died({ member: { exit }, endedBy, record }: Ended, outcome: Outcome | undefined): boolean {
  if (!exit || exit.source === 'unknown') return false;
  if (record.claims.exit?.value.via === 'os._exit') return true;
  const asked = endedBy?.by === 'outside' || endedBy?.by === 'unknown';
  return outcome?.verdict === 'failed' || (asked && exit.signal !== 'SIGINT');
}

/** Workers of pools that broke: those that died first, and those that their pool ended then. */
export interface BrokenPools {
  first: ReadonlySet<ProcessRef>;
  others: ReadonlySet<ProcessRef>;
}

const endOf = ({ member }: Ended): number => member.endedAt ?? 0;

/** Finds the pools that broke, by the order of deaths. `outcomes`: what to think of each end by itself. */
export function brokenPools(all: readonly Ended[], outcomes: ReadonlyMap<ProcessRef, Outcome>): BrokenPools {
  const first = new Set<ProcessRef>();
  const others = new Set<ProcessRef>();
  for (const workers of workersByParent(all).values()) {
    const dead = workers.filter((ended) => died(ended, outcomes.get(ended.member.id)));
    let at = 0;
    for (const worker of workers) {
      let breaker = dead[at];
      while (breaker && endOf(breaker) < endOf(worker) - breakTime) breaker = dead[++at];
      if (!breaker || endOf(breaker) > endOf(worker) + breakTime) continue;
      const { member, record, endedBy } = worker;
      if (isReplaced(record) || !endedBy || !isPoolsOwn(member, endedBy) || !byLibrary(endedBy)) continue;
      first.add(breaker.member.id);
      others.add(member.id);
    }
  }
  return { first, others };
}

/** The pool workers of each parent that have ended, by their end. */
function workersByParent(all: readonly Ended[]): Map<ProcessRef, Ended[]> {
  const found = new Map<ProcessRef, Ended[]>();
  const workers = all.filter(({ member }) => isPoolWorker(member) && member.endedAt !== null);
  for (const worker of workers.sort((a, b) => endOf(a) - endOf(b) || (a.member.id < b.member.id ? -1 : 1))) {
    const parent = worker.member.parent ?? '';
    const held = found.get(parent);
    if (held) held.push(worker);
    else found.set(parent, [worker]);
  }
  return found;
}
