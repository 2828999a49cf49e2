import type { Subject } from '../insight/threads';
import type { Wait } from '../insight/waits';
import type { Rule } from './rule';
import { byPid, list, quietSince, site, sites, whoIs, type Cause, type Scene } from './scene';
import { certaintyOf, counted, factOf, nameOf } from './words';

/** A process waits for a child to end, which can't because what it has sent is not read by anybody. */

/** The children whose end a thread waits for. */
export function joined(scene: Scene, wait: Wait): Subject[] {
  if (wait.kind !== 'join' && wait.kind !== 'loop') return [];
  const pid = wait.object?.pid ?? (wait.thread.look.pid || undefined);
  if (wait.kind === 'join' && pid !== undefined) return [byPid(scene, pid) ?? []].flat();
  return scene.situation?.subjects.filter(({ look }) => look.ppid === wait.subject.member.pid) ?? [];
}

/** Children that can't end since they still send: `waiter` waits for them, `stuck` is what they are in. */
function undrained(scene: Scene, cause: Cause): { waiter: Wait; child: Subject; stuck: Wait }[] {
  return cause.blocked.filter(({ kind, thread, path }) => kind === 'join' && (thread.main || path.length > 0)).flatMap((waiter) => joined(scene, waiter).flatMap((child) => {
    const stuck = cause.blocked.find(({ subject, kind }) => subject === child && (kind === 'feed' || kind === 'send'));
    return stuck ? [{ waiter, child, stuck }] : [];
  }));
}

export const joinBeforeDrain: Rule = {
  name: 'join-before-drain',
  kind: 'hang',
  check: (scene) => scene.causes.flatMap((cause) => {
    const found = undrained(scene, cause);
    const [first] = found;
    if (!first) return [];
    // The waiter is in one join at a time, but whoever sends into the same queue has the same trouble.
    const senders = cause.blocked.filter(({ kind, place }) => (kind === 'feed' || kind === 'send') && place === first.stuck.place);
    const children = [...new Set([...found.map(({ child }) => child), ...senders.map(({ subject }) => subject)])].map(({ member }) => member).filter((member) => member !== first.waiter.subject.member);
    const waiters = [...new Set(found.map(({ waiter }) => waiter))];
    const members = [...waiters.map(({ subject }) => subject.member), ...children];
    const queue = first.stuck.kind === 'feed';
    return [{
      certainty: certaintyOf(senders),
      members: [...new Set(members)].map(({ id }) => id),
      sites: sites(
        waiters.flatMap((wait) => site(wait.site, 'waits')), senders.flatMap((wait) => [...site(wait.site, 'holds'), ...site(wait.object?.made, 'created')]),
        children.flatMap((member) => [...site(member.site, 'created'), ...site(member.target, 'target')]),
      ),
      evidence: [
        ...waiters.map(factOf),
        ...senders.map((wait) => `${factOf(wait)}${wait.object?.unsent ? `; ${counted(wait.object.unsent, 'item')} not sent yet` : ''}`),
        `/proc: nobody who could go on reads ${first.stuck.place ?? 'it'}`,
      ],
      advice: queue
        ? 'Get everything out of the queue before the join, or call cancel_join_thread() where what is left may be lost.'
        : 'Read the output while the child runs: communicate(), or a thread that reads.',
      since: quietSince(scene, [...new Set(members)]),
      about: {
        waiter: list(waiters.map(({ subject }) => whoIs(subject.member))), children: list(children.map(whoIs)), count: children.length,
        what: queue ? `data in the ${nameOf(first.stuck.object, 'queue')}` : 'output', waiters: waiters.length,
      },
      explains: [...cause.nodes],
    }];
  }),
  title: ({ about }) => `${about.waiter} ${Number(about.waiters) === 1 ? 'waits' : 'wait'} for the end of ${about.children}, which can't end because nobody reads ${Number(about.count) === 1 ? 'its' : 'their'} ${about.what}.`,
  summary: (count) => counted(count, 'join waits', 'joins wait') + ' for children that still have data to send',
};
