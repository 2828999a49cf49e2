import type { ObjectFact } from '../insight/facts';
import { poolOf } from '../insight/wakers';
import type { Wait } from '../insight/waits';
import type { Member } from '../members';
import { failureOf } from './endings';
import { byPid, livedUntil, type Cause, type Scene } from './scene';

/** What rules about pools of processes have in common. */

/** A thread that waits for a result of a pool, with the pool. */
export interface Customer {
  wait: Wait;
  pool: ObjectFact;
}

/** The waits of a cause for results of a pool, or of an executor. */
export function customersIn({ blocked }: Cause): Customer[] {
  return blocked.filter(({ kind }) => kind === 'result').flatMap((wait) => {
    const pool = wait.object && (poolOf(wait.subject, wait.object) ?? executorOf(wait, wait.object) ?? threadsOf(wait));
    return pool ? [{ wait, pool }] : [];
  });
}

function executorOf({ subject }: Wait, object: ObjectFact): ObjectFact | undefined {
  const owner = object.of === undefined ? object : subject.objects.get(object.of);
  return owner?.type.endsWith('Executor') ? owner : undefined;
}

/** An executor of threads does not know its futures; one that has tasks waiting is the one that matters. */
const threadsOf = ({ subject }: Wait): ObjectFact | undefined => [...subject.objects.values()].find(({ type, queued }) => type === 'ThreadPoolExecutor' && (queued ?? 0) > 0);

/** The workers of a pool that have ended otherwise than a pool ends them, before the inquiry. */
export function fallenWorkers({ members, situation, now }: Scene, { wait, pool }: Customer): Member[] {
  const { id } = wait.subject.member;
  return members.filter((member) => member.parent === id && member.role === 'worker' && livedUntil(member, situation?.t ?? now)
    && !(pool.workers ?? []).includes(member.pid) && failureOf(member) !== undefined);
}

/** The waits of a pool's workers that are in the middle of a task; undefined when one of them is not known, or has none. */
export function busyWorkers(scene: Scene, { wait, pool }: Customer, cause: Cause): Wait[] | undefined {
  const found: Wait[] = [];
  for (const pid of pool.workers ?? []) {
    const worker = byPid(scene, pid);
    const busy = cause.blocked.find(({ subject, thread }) => subject === worker && thread.main && thread.fact?.task !== undefined);
    if (!busy) return undefined;
    found.push(busy);
  }
  if (found.length > 0) return found;
  // The workers of an executor of threads are threads of its process.
  const threads = cause.blocked.filter(({ subject, thread }) => subject === wait.subject && thread.fact?.task !== undefined);
  return threads.length > 0 && threads.length >= (pool.limit ?? Infinity) ? threads : undefined;
}
