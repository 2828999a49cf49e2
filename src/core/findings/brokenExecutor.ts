import { describeExit } from '../describe';
import type { Member } from '../members';
import { failureOf } from './endings';
import type { Rule } from './rule';
import { claimOf, endsOf, errorsIn, errorText, shortType, type Failed } from './failures';
import { callOf, lineOf, list, site, sites, taskOf, whoIs, type Scene } from './scene';
import { counted } from './words';

/** An executor broke because one of its workers died. */

const isBroken = ({ type }: Failed): boolean => /^(BrokenProcessPool|BrokenExecutor|TerminatedWorkerError)$/.test(shortType(type));

/** The workers that an executor has lost: not those that it has ended itself afterwards. The first to go is the first of the list. */
function lostWorkers({ members }: Scene, owner: Member): Member[] {
  return members
    .filter((member) => member.parent === owner.id && member.role === 'worker' && failureOf(member) && member.endedBy?.member !== owner.id)
    .sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0));
}

export const brokenExecutor: Rule = {
  name: 'broken-executor',
  kind: 'failure',
  check: (scene) => errorsIn(scene).filter(isBroken).map((failed) => {
    const owner = failed.member;
    const lost = lostWorkers(scene, owner);
    const leaving = lost.flatMap((member) => scene.state.members.get(member.id)?.claims.exit?.value.site ?? []);
    return {
      certainty: 'proved' as const,
      members: [owner, ...lost].map(({ id }) => id),
      sites: sites(
        lost.flatMap((member) => failureOf(member)?.sites ?? []), leaving.flatMap((where) => site(where, 'failed')), failed.own.slice(0, 3).flatMap((where) => site(where, 'waits')),
        lost.flatMap((member) => [...site(member.site, 'submitted'), ...site(taskOf(scene, member)?.site, 'target')]),
      ),
      evidence: [
        `record: ${whoIs(owner)} ended with ${errorText(failed)}`,
        ...lost.slice(0, 5).map((member) => `record: ${whoIs(member)} ended: exit ${describeExit(member)}${leaving[0] && member === lost[0] ? `, by a call at ${lineOf(leaving[0])}` : ''}`),
        ...lost.slice(0, 5).flatMap((member) => (taskOf(scene, member) ? [`page of tasks: ${whoIs(member)} was running ${callOf(taskOf(scene, member)!)}`] : [])),
      ],
      advice: 'Keep the task from ending its process (os._exit, sys.exit in native code, signals, memory), or run what is dangerous in a process of its own and submit the rest again.',
      since: failed.t,
      about: { owner: whoIs(owner), lost: list(lost.map((member) => `${whoIs(member)}, exit ${describeExit(member)}${taskOf(scene, member) ? `, in ${callOf(taskOf(scene, member)!)}` : ''}`)), count: lost.length },
      explains: [...endsOf(scene, lost), claimOf(failed)],
    };
  }),
  title: ({ about }) => (Number(about.count) === 0
    ? `The executor of ${about.owner} broke.`
    : `The executor of ${about.owner} broke because ${Number(about.count) === 1 ? 'a worker' : 'workers'} died: ${about.lost}.`),
  summary: (count) => counted(count, 'executor') + ' broke',
};
