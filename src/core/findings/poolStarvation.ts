import type { Rule } from './rule';
import { loopDrafts } from './nodeHangs';
import { busyWorkers, customersIn } from './pools';
import { list, membersIn, quietSince, site, sites, whoIs } from './scene';
import { counted, factOf } from './words';

/** All workers of a pool are taken by tasks that wait for other tasks of the same pool. */
export const poolStarvation: Rule = {
  name: 'pool-starvation',
  kind: 'hang',
  check: (scene) => [...loopDrafts(scene, 'pool-starvation'), ...scene.causes.flatMap((cause) => {
    for (const customer of customersIn(cause)) {
      const { wait, pool } = customer;
      const workers = (pool.queued ?? 0) > 0 ? busyWorkers(scene, customer, cause) : undefined;
      if (!workers) continue;
      const tasks = workers.flatMap(({ thread }) => thread.fact?.task ?? []);
      const members = [...new Set([wait.subject.member, ...membersIn(workers)])];
      const waiting = (pool.functions ?? []).filter((name) => !tasks.some((task) => task.function === name));
      return [{
        certainty: 'proved' as const,
        members: members.map(({ id }) => id),
        sites: sites(workers.flatMap((worker) => site(worker.site, 'waits')), site(wait.site, 'waits'), tasks.flatMap((task) => site(task.site, 'target')), site(pool.made, 'created')),
        evidence: [
          ...workers.map((worker) => `${factOf(worker)}, in its task ${worker.thread.fact?.task?.function ?? ''}(${worker.thread.fact?.task?.arguments ?? ''})`),
          factOf(wait),
          `asked: ${counted(pool.queued ?? 0, 'task waits', 'tasks wait')} for a free worker${waiting.length > 0 ? `: ${list(waiting)}` : ''}`,
        ],
        advice: 'Give the tasks that others wait for a pool of their own, or submit them first, or let a task not wait for another one.',
        since: quietSince(scene, members),
        about: { workers: workers.length, tasks: list([...new Set(tasks.map((task) => task.function))]), queued: pool.queued ?? 0, who: list(membersIn(workers).map(whoIs)), behind: list(waiting) },
        explains: [...cause.nodes],
      }];
    }
    return [];
  })],
  title: ({ about }) => (about.title === undefined ? `All ${about.workers} workers of the pool (${about.who}) wait in ${about.tasks}, while ${counted(Number(about.queued), 'task', 'tasks')} that they may wait for${about.behind === '' ? '' : ` (${about.behind})`} ${Number(about.queued) === 1 ? 'has' : 'have'} no free worker.` : String(about.title)),
  summary: (count) => counted(count, 'pool is', 'pools are') + ' starved by its own tasks'.replace('its', count === 1 ? 'its' : 'their'),
};
