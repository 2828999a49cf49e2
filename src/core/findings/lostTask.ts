import { describeExit } from '../describe';
import { failureOf } from './endings';
import type { Rule } from './finding';
import { customersIn, fallenWorkers } from './pools';
import { list, quietSince, site, sites, whoIs } from './scene';
import { counted, factOf } from './words';

/** A pool's worker has ended in the middle of a task: the task is gone with it, and its result never comes. */
export const lostTask: Rule = {
  name: 'lost-task',
  kind: 'hang',
  check: (scene) => scene.causes.flatMap((cause) => {
    for (const customer of customersIn(cause)) {
      const { wait, pool } = customer;
      const fallen = fallenWorkers(scene, customer);
      if (fallen.length === 0) continue;
      const members = [wait.subject.member, ...fallen];
      return [{
        certainty: 'proved' as const,
        members: members.map(({ id }) => id),
        sites: sites(
          site(wait.site, 'waits'), fallen.flatMap((member) => failureOf(member)?.sites ?? []), fallen.flatMap((member) => site(member.site, 'created')), site(pool.made, 'created'),
        ),
        evidence: [
          factOf(wait),
          `asked: ${counted(pool.pending ?? 0, 'result is', 'results are')} still to come, no task is queued, and every worker that lives waits for one`,
          ...fallen.map((member) => `record: ${whoIs(member)} has ended: ${failureOf(member)?.text ?? ''}`),
        ],
        advice: 'multiprocessing.Pool replaces a worker but not its task (gh-66587): use concurrent.futures.ProcessPoolExecutor, which raises BrokenProcessPool, or keep the task from ending its process (SystemExit, os._exit, signals, memory).',
        since: quietSince(scene, [wait.subject.member]),
        about: { waiter: whoIs(wait.subject.member), dead: list(fallen.map((member) => `${whoIs(member)}, exit ${describeExit(member)}`)), count: fallen.length },
        explains: [...cause.nodes],
      }];
    }
    return [];
  }),
  title: ({ about }) => `${about.waiter} waits for a result that will never come: ${Number(about.count) === 1 ? 'the worker that ran its task has ended' : 'workers have ended in the middle of tasks'} (${about.dead}).`,
  summary: (count) => counted(count, 'task', 'tasks') + ' lost with a worker',
};
