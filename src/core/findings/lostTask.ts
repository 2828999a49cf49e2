import { describeExit } from '../describe';
import { failureOf } from './endings';
import type { Draft } from './finding';
import type { Rule } from './rule';
import { loopDrafts } from './nodeHangs';
import { customersIn, fallenWorkers } from './pools';
import { callOf, lineOf, list, quietSince, site, sites, taskOf, whoIs, type Scene } from './scene';
import { counted, factOf } from './words';

/** The status with which Node ends when an await at the top of its module can't be settled any more (process, "Exit codes"). */
const unsettled = 13;
/** ms */
const justBefore = 2_000;

/** Node ended because nobody was left who could settle its await: a child had ended without an answer. */
function unsettledAwaits({ members, state }: Scene): Draft[] {
  return members.filter(({ runtime, exit }) => runtime === 'node' && exit?.code === unsettled).flatMap((member): Draft[] => {
    const children = members.filter((child) => child.parent === member.id && child.role !== 'helper' && child.endedAt !== null && (member.endedAt ?? 0) - child.endedAt < justBefore);
    const last = children.sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))[0];
    if (!last) return [];
    const exit = state.members.get(last.id)?.claims.exit?.value;
    return [{
      certainty: 'likely',
      members: [member.id, last.id],
      sites: sites(site(exit?.site, 'failed'), site(last.site, 'created')),
      evidence: [
        `record: ${whoIs(member)} ended with ${unsettled}: an await at the top of its module could not be settled any more`,
        `record: ${whoIs(last)} had ended ${Math.round((member.endedAt ?? 0) - (last.endedAt ?? 0))} ms before: ${exit?.via ?? ''} ${describeExit(last)}`.replace('  ', ' '),
      ],
      advice: 'Answer each message before the child exits, and race the answer with the "exit" of the child.',
      since: member.endedAt ?? 0,
      about: { title: `${whoIs(member)} gave up (status ${unsettled}): it awaited a message of ${whoIs(last)}, which ended without an answer${exit?.site ? ` at ${lineOf(exit.site)}` : ''}.` },
    }];
  });
}

/** A pool's worker has ended in the middle of a task: the task is gone with it, and its result never comes. */
export const lostTask: Rule = {
  name: 'lost-task',
  kind: 'hang',
  check: (scene) => [...unsettledAwaits(scene), ...loopDrafts(scene, 'lost-task'), ...scene.causes.flatMap((cause) => {
    for (const customer of customersIn(cause)) {
      const { wait, pool } = customer;
      const fallen = fallenWorkers(scene, customer);
      if (fallen.length === 0) continue;
      const members = [wait.subject.member, ...fallen];
      return [{
        certainty: 'proved' as const,
        members: members.map(({ id }) => id),
        sites: sites(
          site(wait.site, 'waits'), fallen.flatMap((member) => failureOf(member)?.sites ?? []), fallen.flatMap((member) => site(member.site, 'created')), site(pool.made, 'created'), fallen.flatMap((member) => site(taskOf(scene, member)?.site, 'target')),
        ),
        evidence: [
          factOf(wait),
          `asked: ${counted(pool.pending ?? 0, 'result is', 'results are')} still to come, no task is queued, and every worker that lives waits for one`,
          ...fallen.map((member) => `record: ${whoIs(member)} has ended: ${failureOf(member)?.text ?? ''}`),
          ...fallen.flatMap((member) => (taskOf(scene, member) ? [`page of tasks: ${whoIs(member)} was running ${callOf(taskOf(scene, member)!)}`] : [])),
        ],
        advice: 'multiprocessing.Pool replaces a worker but not its task (gh-66587): use concurrent.futures.ProcessPoolExecutor, which raises BrokenProcessPool, or keep the task from ending its process (SystemExit, os._exit, signals, memory).',
        since: quietSince(scene, [wait.subject.member]),
        about: { waiter: whoIs(wait.subject.member), dead: list(fallen.map((member) => `${whoIs(member)}, exit ${describeExit(member)}${taskOf(scene, member) ? `, in ${callOf(taskOf(scene, member)!)}` : ''}`)), count: fallen.length },
        explains: [...cause.nodes],
      }];
    }
    return [];
  })],
  title: ({ about }) => (about.title === undefined ? `${about.waiter} waits for a result that will never come: ${Number(about.count) === 1 ? 'the worker that ran its task has ended' : 'workers have ended in the middle of tasks'} (${about.dead}).` : String(about.title)),
  summary: (count) => counted(count, 'task', 'tasks') + ' lost with a worker',
};
