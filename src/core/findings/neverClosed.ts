import type { Wait } from '../insight/waits';
import type { Member } from '../members';
import type { Rule } from './finding';
import { list, membersIn, quietSince, site, sites, whoIs, type Scene } from './scene';
import { certaintyOf, counted, factOf } from './words';

/** A reader waits for data or the end of a pipe whose other end is still open, but in nobody who will write. */

/** The living members that could write what a thread reads, or hold it open. */
export function writersOf({ situation }: Scene, { place, subject }: Wait): Member[] {
  if (!situation || place === undefined) return [];
  if (place.startsWith('pipe:')) {
    const found = situation.wakers.othersOf(place, 'read');
    return found === 'outside' ? [] : found.map(({ member }) => member);
  }
  const peer = [...subject.files.values()].find(({ object }) => object === place)?.peer;
  return situation.subjects.filter(({ look }) => look.files.some(({ object }) => object === peer)).map(({ member }) => member);
}

export const neverClosed: Rule = {
  name: 'never-closed',
  kind: 'hang',
  check: (scene) => scene.causes.flatMap((cause) => {
    const readers = cause.blocked.filter(({ kind }) => kind === 'receive' || kind === 'stdin').filter((wait) => writersOf(scene, wait).length > 0);
    const [first] = readers;
    if (!first) return [];
    const holders = [...new Set(readers.flatMap((wait) => writersOf(scene, wait)))];
    const members = [...new Set([...membersIn(readers), ...holders])];
    const waiting = cause.blocked.filter(({ subject, thread }) => thread.main && !readers.some((wait) => wait.subject === subject));
    const itself = readers.some((wait) => writersOf(scene, wait).includes(wait.subject.member));
    return [{
      certainty: certaintyOf(scene, readers),
      members: members.map(({ id }) => id),
      sites: sites(readers.flatMap((wait) => site(wait.site, 'waits')), members.flatMap((member) => site(member.site, 'created')), waiting.flatMap((wait) => site(wait.site, 'waits'))),
      evidence: readers.flatMap((wait) => [factOf(wait), `/proc: its other end is open in ${list(writersOf(scene, wait).map(whoIs))}, and nobody of them will write`]),
      advice: itself
        ? 'Close the ends of a pipe that a process does not use itself, in every process that has inherited them.'
        : 'Close the other end when all is sent (or send a last message), in every process that has inherited it.',
      since: quietSince(scene, members),
      about: { readers: list(membersIn(readers).map(whoIs)), count: membersIn(readers).length, holders: list(holders.map(whoIs)) },
      explains: [...cause.nodes],
    }];
  }),
  title: ({ about }) => `${about.readers} ${Number(about.count) === 1 ? 'waits' : 'wait'} for data or the end of a pipe that never comes: its other end is open in ${about.holders}, and nobody of them will write or close it.`,
  summary: (count) => counted(count, 'pipe is', 'pipes are') + ' never closed',
};
