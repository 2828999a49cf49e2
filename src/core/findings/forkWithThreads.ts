import type { Member } from '../members';
import type { Wait } from '../insight/waits';
import type { Rule } from './rule';
import { list, membersIn, quietSince, site, sites, whoIs, type Scene } from './scene';
import { counted, factOf } from './words';

/** A child that was forked from a process of several threads waits for a lock that was copied while another thread held it. */

/** A wait for a lock of the process's own memory, which no other thread of this process could release: there is none. */
export const isForlorn = ({ thread, subject, isLocal }: Wait): boolean => isLocal && thread.main && thread.look.on === 'futex' && subject.threads.length === 1;

/** How many threads the parent of a forked member had when it forked, as far as is known. */
function threadsAtFork(scene: Scene, member: Member): number {
  if (!/fork$/.test(member.startMethod)) return 0;
  const claims = scene.state.members.get(member.id)?.claims;
  const told = claims?.spawn?.value.threads ?? claims?.firstStart?.value.threads;
  const parent = scene.byId.get(member.parent ?? '');
  return told ?? scene.situation?.subjects.find((subject) => subject.member === parent)?.threads.length ?? parent?.threadCount ?? 1;
}

export const forkWithThreads: Rule = {
  name: 'fork-with-threads',
  kind: 'hang',
  check: (scene) => scene.causes.flatMap((cause) => {
    const waits = cause.waits.filter((wait) => isForlorn(wait) && threadsAtFork(scene, wait.subject.member) > 1);
    const [first] = waits;
    if (!first) return [];
    const children = membersIn(waits);
    const parents = [...new Set(children.flatMap((member) => scene.byId.get(member.parent ?? '') ?? []))];
    return [{
      certainty: 'proved' as const,
      members: [...children, ...parents].map(({ id }) => id),
      sites: sites(waits.flatMap((wait) => [...site(wait.site, 'waits'), ...wait.path.slice(1, 3).flatMap((line) => site(line, 'waits'))]), children.flatMap((member) => [...site(member.site, 'created'), ...site(member.target, 'target')])),
      evidence: [
        ...waits.map((wait) => `${factOf(wait)}, for a lock in its own memory; it has no other thread that could release it`),
        ...children.map((member) => `record: ${whoIs(member)} was forked from a process of ${threadsAtFork(scene, member)} threads`),
      ],
      advice: 'Use the start method spawn or forkserver, or fork before threads are started: a forked child has the locks of all threads but only one of the threads.',
      since: quietSince(scene, children),
      about: { who: list(children.map(whoIs)), count: children.length, parent: list(parents.map(whoIs)) },
      explains: [...cause.nodes],
    }];
  }),
  title: ({ about }) => `${about.who} ${Number(about.count) === 1 ? 'was' : 'were'} forked from ${about.parent}, a process with several threads, and ${Number(about.count) === 1 ? 'waits' : 'wait'} for a lock that another thread held at that moment.`,
  summary: (count) => counted(count, 'forked process waits', 'forked processes wait') + ' for a lock that was copied while held',
};
