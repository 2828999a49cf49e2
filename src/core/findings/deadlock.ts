import type { Thread } from '../insight/threads';
import type { Wait } from '../insight/waits';
import type { Rule } from './rule';
import { loopDrafts } from './nodeHangs';
import { list, membersIn, quietSince, site, sites, threadName, whoIs, type Cause, type Scene } from './scene';
import { certaintyOf, counted, factOf, nameOf } from './words';

/** Members, or their threads, wait for each other in a cycle. */

/** The threads of a cause that could end a wait, where exactly these are known. */
function awaited({ situation }: Scene, cause: Cause, wait: Wait): Wait[] {
  const threads = (found: (thread: Thread) => boolean): Wait[] => cause.blocked.filter((other) => found(other.thread));
  const { object, subject, thread } = wait;
  if ((wait.kind === 'import' || wait.kind === 'thread') && object?.owner !== undefined) return threads((one) => one.member === subject.member && one.tid === object.owner);
  if (wait.kind === 'lock' && thread.look.key !== undefined) {
    const holders = situation?.wakers.holdersOf(thread.look.key) ?? [];
    return threads((one) => holders.some(({ member }) => member === one.member));
  }
  if (wait.kind === 'join') {
    const pid = object?.pid ?? thread.look.pid;
    return threads((one) => one.member.pid === pid);
  }
  if (wait.kind === 'result' || wait.isLocal) return threads((one) => one.member === subject.member && one !== thread);
  return [];
}

/** Those that wait for a lock first: they tell most of a cycle. */
const byLock = (waits: readonly Wait[]): Wait[] => [...waits].sort((a, b) => Number(b.kind === 'lock' || b.kind === 'import') - Number(a.kind === 'lock' || a.kind === 'import'));

/** The waits of a cycle in their order, beginning with `from`; undefined when there is none. */
function cycleFrom(scene: Scene, cause: Cause, from: Wait): Wait[] | undefined {
  const search = (path: readonly Wait[]): Wait[] | undefined => {
    const last = path.at(-1);
    if (!last || path.length > 12) return undefined;
    for (const next of byLock(awaited(scene, cause, last))) {
      if (next === from) return [...path];
      if (path.includes(next)) continue;
      const found = search([...path, next]);
      if (found) return found;
    }
    return undefined;
  };
  return search([from]);
}

/** What a thread of a cycle holds that the one before it wants. */
const heldBy = (before: Wait): string => (before.kind === 'lock' ? `holds the ${nameOf(before.object)}` : before.kind === 'import' ? `imports ${before.object?.name ?? 'the module'}` : '');

export const deadlock: Rule = {
  name: 'deadlock',
  kind: 'hang',
  check: (scene) => [...loopDrafts(scene, 'deadlock'), ...scene.causes.flatMap((cause) => {
    const starts = byLock([...new Set([...cause.waits, ...cause.blocked])].filter(({ kind }) => kind === 'lock' || kind === 'import' || kind === 'thread' || kind === 'join'));
    for (const start of starts) {
      const cycle = cycleFrom(scene, cause, start);
      if (!cycle || cycle.length < 2 || !cycle.some(({ kind }) => kind === 'lock' || kind === 'import')) continue;
      const members = membersIn(cycle);
      const names = [...new Set(cycle.map(({ thread }) => (members.length > 1 ? whoIs(thread.member) : threadName(thread))))];
      return [{
        certainty: certaintyOf(cycle),
        members: members.map(({ id }) => id),
        sites: sites(
          cycle.flatMap((wait) => [...site(wait.site, 'waits'), ...wait.path.slice(1, 4).flatMap((line) => site(line, 'holds'))]),
          cycle.flatMap(({ object }) => site(object?.made, 'created')),
        ),
        evidence: cycle.flatMap((wait, index) => {
          const held = heldBy(cycle[(index + cycle.length - 1) % cycle.length] as Wait);
          return [...(held === '' ? [] : [`asked: ${threadName(wait.thread)} ${held}`]), factOf(wait)];
        }),
        advice: cycle.some(({ kind }) => kind === 'import')
          ? 'Start the work in a function that is called after the import, not in the body of the module.'
          : 'Take the locks in one fixed order everywhere.',
        since: quietSince(scene, members),
        about: { who: list(names), count: cycle.length },
        explains: [...cause.nodes],
      }];
    }
    return [];
  })],
  title: ({ about }) => (about.title === undefined ? `${about.who} wait for each other.` : String(about.title)),
  summary: (count) => counted(count, 'deadlock'),
};
