import { failureOf } from './endings';
import type { Rule } from './rule';
import { loopDrafts } from './nodeHangs';
import { customersIn } from './pools';
import { quietSince, site, sites, whoIs } from './scene';
import { counted, factOf } from './words';

/** A result can't arrive any more: the thread of the pool that brings results is dead, or the result got lost on its way. */
export const resultLost: Rule = {
  name: 'result-lost',
  kind: 'hang',
  check: (scene) => [...loopDrafts(scene, 'result-lost'), ...scene.causes.flatMap((cause) => {
    const customer = customersIn(cause).find(({ pool }) => pool.type === 'Pool');
    if (!customer) return [];
    const { wait, pool } = customer;
    const { member } = wait.subject;
    const dead = pool.lost?.includes('result') === true;
    const failure = failureOf(member);
    return [{
      certainty: 'proved' as const,
      members: [member.id],
      sites: sites(site(wait.site, 'waits'), failure?.sites ?? [], site(pool.made, 'created')),
      evidence: [
        factOf(wait),
        `asked: ${counted(pool.pending ?? 0, 'result is', 'results are')} still to come, no task is queued, and every worker waits for one`,
        ...(dead ? ['asked: the thread of the pool that takes results (_handle_results) has ended'] : []),
      ],
      advice: dead
        ? 'A callback must not raise, and what comes back must be picklable: catch errors inside the callback (gh-83371).'
        : 'Return plain data from the task, and wait with a timeout.',
      since: quietSince(scene, [member]),
      about: { waiter: whoIs(member), why: dead ? 'the thread of its pool that takes results has died' : 'no worker has a task any more, and none is queued' },
      explains: [...cause.nodes],
    }];
  })],
  title: ({ about }) => (about.title === undefined ? `${about.waiter} waits for results that will never come: ${about.why}.` : String(about.title)),
  summary: (count) => counted(count, 'pool has', 'pools have') + ' lost results',
};
