import type { ProcessRef } from '../../core/events';
import { callOf } from '../../core/findings/scene';
import type { Member } from '../../core/members';
import { pagesIn, readTasks } from '../../insight/taskPage';

/** ms: shorter tasks would only flicker */
const worthTelling = 500;
/** So many workers of a run are looked at. */
const most = 64;
const longest = 60;

/** What the workers of a run (its directory) do at `now` (ms since the epoch), by the pages on which they note their tasks: `resize(17)`. */
export function tasksIn(directory: string, members: readonly Member[], now: number): Map<ProcessRef, string> {
  const pages = new Set(pagesIn(directory));
  const workers = pages.size === 0 ? [] : members.filter(({ id, endedAt }) => endedAt === null && pages.has(id)).slice(0, most);
  return new Map(workers.flatMap(({ id }) => {
    const current = readTasks(directory, id)?.current;
    if (!current || now - (current.since ?? now) < worthTelling) return [];
    const call = callOf(current);
    return [[id, call.length > longest ? `${call.slice(0, longest - 1)}…` : call] as const];
  }));
}
