import { semaphoreOf } from '../insight/wakers';
import type { Wait } from '../insight/waits';
import type { Rule } from './rule';
import { isForlorn } from './forkWithThreads';
import { membersIn, quietSince, site, sites, whoIs, type Cause, type Scene } from './scene';
import { counted, factOf, nameOf } from './words';

/** A process takes a lock that is not reentrant a second time. */

/** Whether the process of a wait holds the lock itself, and by the very thread that waits. */
function holdsItself({ situation }: Scene, { subject, thread, object }: Wait): boolean {
  const key = thread.look.key;
  if (!situation || key === undefined || object?.type !== 'Lock' || object.as !== undefined) return false;
  const holders = situation.wakers.holdersOf(key) ?? [];
  const held = semaphoreOf(subject, key);
  return holders.length === 1 && holders[0] === subject && held !== undefined && (held.mine ? thread.main : subject.threads.length === 1);
}

/** The only thread of a process waits for a lock of its own memory. What was forked may have got it locked, see fork-with-threads. */
const isAlone = (wait: Wait): boolean => isForlorn(wait) && wait.kind === 'lock' && !/fork$/.test(wait.subject.member.startMethod);

/** Threads of the process of a wait that could hold its lock: all but those that a library keeps for itself. */
const rivals = (wait: Wait, { blocked }: Cause): Wait[] => blocked.filter((other) => other.subject === wait.subject && other !== wait);

export const selfDeadlock: Rule = {
  name: 'self-deadlock',
  kind: 'hang',
  check: (scene) => scene.causes.flatMap((cause) => {
    const first = cause.waits.find((wait) => holdsItself(scene, wait) || isAlone(wait) || (wait.isLocal && wait.kind === 'lock' && !/fork$/.test(wait.subject.member.startMethod) && rivals(wait, cause).length === 0));
    if (!first) return [];
    const { member } = first.subject;
    const others = cause.blocked.filter((wait) => wait !== first && wait.kind === 'lock' && sameLock(wait, first));
    const members = membersIn([first, ...others]);
    return [{
      certainty: 'proved',
      members: members.map(({ id }) => id),
      sites: sites(site(first.site, 'waits'), first.path.slice(1, 4).flatMap((line) => site(line, 'holds')), site(first.object?.made, 'created'), others.flatMap((other) => site(other.site, 'waits'))),
      evidence: [
        factOf(first),
        first.isLocal ? `asked: no other thread of ${whoIs(member)} does anything that could release it` : `asked: ${whoIs(member)} holds this lock itself, ${counted(first.object?.count ?? 1, 'time')}; it is not reentrant`,
        ...others.map(factOf),
      ],
      advice: 'Use an RLock, or split the function in one that takes the lock and one that expects it to be held.',
      since: quietSince(scene, members),
      about: { who: whoIs(member), lock: nameOf(first.object, first.isLocal ? 'threading.Lock' : 'Lock'), others: others.length },
      explains: [...cause.nodes],
    }];
  }),
  title: ({ about }) => `${about.who} waits for the ${about.lock} that it holds itself${Number(about.others) > 0 ? `, and ${counted(Number(about.others), 'other waits', 'others wait')} for it too` : ''}.`,
  summary: (count) => counted(count, 'process waits for a lock that it holds itself', 'processes wait for locks that they hold themselves'),
};

const sameLock = (a: Wait, b: Wait): boolean => a.thread.look.key !== undefined && a.thread.look.key === b.thread.look.key;

