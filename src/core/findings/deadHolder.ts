import type { Member } from '../members';
import { semaphoreOf } from '../insight/wakers';
import type { Wait } from '../insight/waits';
import type { Rule } from './rule';
import { list, livedUntil, membersIn, quietSince, site, sites, whoIs, type Scene } from './scene';
import { failureOf } from './endings';
import { endsOf } from './failures';
import { certaintyOf, counted, factOf, nameOf } from './words';

/** A lock or semaphore was taken by a process that has ended: nobody alive holds it, and nobody alive could release it. */

interface Orphaned {
  waits: Wait[];
  key: string;
  /** how often the living hold it */
  held: number;
  max: number | undefined;
}

/** Waits for a semaphore of which all who have it have told that they do not hold it, or not as often as it was taken. */
function orphanedIn(scene: Scene, waits: readonly Wait[]): Orphaned | undefined {
  const { situation } = scene;
  for (const wait of waits) {
    const key = wait.thread.look.key;
    if (!situation || key === undefined || (wait.kind !== 'lock' && wait.kind !== 'get' && wait.kind !== 'put' && wait.kind !== 'feed' && wait.kind !== 'idle')) continue;
    const facts = situation.wakers.havers(key).map((subject) => semaphoreOf(subject, key));
    const known = facts.filter((fact) => fact !== undefined);
    const [one] = known;
    if (!one || !/^(R?Lock|(Bounded)?Semaphore)$/.test(one.type) || isCounter(one.as)) continue;
    const held = known.reduce((sum, { count = 0 }) => sum + Math.max(0, count), 0);
    const isLock = one.type.endsWith('Lock');
    // A lock that somebody holds is not orphaned. Of a semaphore some may be held by the living, but not all that were taken.
    if (isLock ? held > 0 : one.type === 'BoundedSemaphore' ? held >= (one.max ?? 1) : held > 0) continue;
    return { key, held, max: isLock ? 1 : one.max, waits: waits.filter(({ thread }) => thread.look.key === key) };
  }
  return undefined;
}

/** Parts of a condition, an event or a queue that count something, and are held by nobody. */
const isCounter = (as: string | undefined): boolean => as !== undefined && /^(flag|sleeping_count|woken_count|wait_semaphore|unfinished_tasks|sem)$/.test(as);

/** Those who had the lock and have ended: those who failed first of all. */
function suspects(scene: Scene, waits: readonly Wait[]): Member[] {
  const parents = new Set(waits.flatMap(({ subject: { member } }) => [member.id, member.parent]));
  const ended = scene.members.filter((member) => member.role !== 'helper' && member.parent !== null && parents.has(member.parent) && livedUntil(member, scene.situation?.t ?? scene.now));
  const failed = ended.filter((member) => failureOf(member) !== undefined);
  return failed.length > 0 ? failed : ended;
}

export const deadHolder: Rule = {
  name: 'dead-holder',
  kind: 'hang',
  check: (scene) => scene.causes.flatMap((cause) => {
    const orphaned = orphanedIn(scene, cause.all);
    const [first] = orphaned?.waits ?? [];
    if (!orphaned || !first) return [];
    const dead = suspects(scene, orphaned.waits);
    if (dead.length === 0) return [];
    const waiting = membersIn(orphaned.waits);
    return [{
      certainty: certaintyOf(orphaned.waits),
      members: [...waiting, ...dead].map(({ id }) => id),
      sites: sites(
        orphaned.waits.flatMap((wait) => site(wait.site, 'waits')), dead.flatMap((member) => failureOf(member)?.sites ?? []),
        dead.flatMap((member) => site(member.site, 'created')), site(first.object?.made, 'created'),
      ),
      evidence: [
        ...orphaned.waits.map(factOf),
        orphaned.held === 0 ? 'asked: nobody who lives holds it' : `asked: those who live hold it ${counted(orphaned.held, 'time')}, of ${orphaned.max ?? '?'}`,
        ...dead.map((member) => `record: ${whoIs(member)} has ended: ${failureOf(member)?.text ?? 'without an error'}`),
      ],
      advice: 'Take the lock with "with", so that an error gives it back, and do not kill a process that may hold one.',
      since: quietSince(scene, waiting),
      about: { who: list(waiting.map(whoIs)), lock: nameOf(first.object, 'lock'), dead: list(dead.map(whoIs)), count: waiting.length, ended: dead.length },
      explains: [...cause.nodes, ...endsOf(scene, dead)],
    }];
  }),
  title: ({ about }) => `${about.who} ${Number(about.count) === 1 ? 'waits' : 'wait'} for the ${about.lock}, which ended with ${about.dead}: nobody is left who could release it.`,
  summary: (count) => counted(count, 'lock was', 'locks were') + ' left behind by processes that have ended',
};
