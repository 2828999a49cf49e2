import type { Rule } from './rule';
import { loopDrafts } from './nodeHangs';
import { writersOf } from './neverClosed';
import { list, membersIn, quietSince, site, sites, whoIs } from './scene';
import { certaintyOf, counted, factOf } from './words';

/** A process waits for input that it can't get: its stdin is a pipe into which nobody will write. */
export const waitsForStdin: Rule = {
  name: 'waits-for-stdin',
  kind: 'hang',
  check: (scene) => [...loopDrafts(scene, 'waits-for-stdin'), ...scene.causes.flatMap((cause) => {
    const waits = cause.blocked.filter(({ kind }) => kind === 'stdin');
    const [first] = waits;
    if (!first) return [];
    const holders = [...new Set(waits.flatMap((wait) => writersOf(scene, wait)))].filter((member) => member !== first.subject.member);
    const readers = membersIn(waits);
    const parents = cause.blocked.filter(({ subject, thread }) => thread.main && holders.includes(subject.member));
    return [{
      certainty: certaintyOf(waits),
      members: [...new Set([...readers, ...holders])].map(({ id }) => id),
      sites: sites(waits.flatMap((wait) => site(wait.site, 'waits')), parents.flatMap((wait) => site(wait.site, 'waits')), readers.flatMap((member) => site(member.site, 'created'))),
      evidence: [...waits.map(factOf), `/proc: ${holders.length > 0 ? `the other end of its stdin is held by ${list(holders.map(whoIs))}` : 'nobody else holds the other end of its stdin'}, and nobody writes into it`, ...parents.map(factOf)],
      advice: 'Give it its input, close its stdin (stdin=subprocess.DEVNULL, stdio: \'ignore\'), or pass an option that keeps it from asking.',
      since: quietSince(scene, readers),
      about: { who: list(readers.map(whoIs)), count: readers.length, holders: list(holders.map(whoIs)) },
      explains: [...cause.nodes],
    }];
  })],
  title: ({ about }) => (about.title === undefined ? `${about.who} ${Number(about.count) === 1 ? 'waits' : 'wait'} for input on stdin, which ${about.holders === '' ? 'nobody' : `nobody (${about.holders} holds the pipe)`} will write.` : String(about.title)),
  summary: (count) => counted(count, 'process waits', 'processes wait') + ' for input that never comes',
};
