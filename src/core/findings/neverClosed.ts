import { inheritedOutputs } from '../insight/links';
import type { Subject } from '../insight/threads';
import type { Wait } from '../insight/waits';
import type { Member } from '../members';
import type { Draft } from './finding';
import type { Rule } from './rule';
import { suspended } from './nodeLoops';
import { isCurrent, list, membersIn, quietSince, site, sites, whoIs, type Scene } from './scene';
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

/** ms that something that a child has left behind may go on before it is blamed */
const patience = 8_000;

/** Why a process will not end by itself; undefined: it may. */
function staysBecause({ member, look }: Subject): string | undefined {
  if (member.daemon) return member.runtime === 'node' ? 'is detached' : 'is a daemon';
  if (look.files.some(({ listens }) => listens !== undefined)) return 'is a server';
  return look.leads ? 'has a session of its own' : undefined;
}

/** Output of a child that has ended, held open by what it has left behind. */
function inherited(scene: Scene): Draft[] {
  const { round } = scene;
  return round === undefined ? [] : inheritedOutputs(round).flatMap(({ reader, file, holders }): Draft[] => {
    const staying = holders.flatMap((holder) => staysBecause(holder) ?? []);
    const since = quietSince(scene, [reader, ...holders].map(({ member }) => member));
    if (staying.length < holders.length || round.t - since < patience || ![reader, ...holders].every(({ member }) => isCurrent(scene, member))) return [];
    const [first] = holders;
    const ended = scene.byId.get(first?.member.parent ?? '');
    const waits = reader.threads.filter(({ main }) => main).flatMap(({ node }) => round.wakers.waits.get(node) ?? []);
    return [{
      certainty: 'likely',
      members: [reader, ...holders].map(({ member }) => member.id),
      sites: sites(holders.flatMap(({ member }) => site(member.site, 'holds')), site(ended?.site, 'created'), waits.flatMap((wait) => site(wait.site, 'waits')), suspended(waits)),
      evidence: [
        `/proc: ${whoIs(reader.member)} waits for the end of ${file.object}, whose other end is open in ${list(holders.map(({ member }) => whoIs(member)))} alone`,
        ...(ended ? [`record: ${whoIs(ended)}, which was started with this pipe, has ended`] : []),
        ...holders.map((holder) => `record: ${whoIs(holder.member)} ${staysBecause(holder) ?? ''}`),
      ],
      advice: 'Start what stays behind with stdio of its own (stdio: \'ignore\', stdout=subprocess.DEVNULL), or wait for the exit of the child, not for the end of its output.',
      since,
      about: { title: `${whoIs(reader.member)} waits for the end of the output of ${ended ? whoIs(ended) : 'a child'}, which has ended; but ${list(holders.map(({ member }) => whoIs(member)))}, which it left behind, holds the pipe (stdout or stderr) open.` },
    }];
  });
}

export const neverClosed: Rule = {
  name: 'never-closed',
  kind: 'hang',
  check: (scene) => [...inherited(scene), ...scene.causes.flatMap((cause) => {
    const readers = cause.blocked.filter(({ kind }) => kind === 'receive' || kind === 'stdin').filter((wait) => writersOf(scene, wait).length > 0);
    const [first] = readers;
    if (!first) return [];
    const holders = [...new Set(readers.flatMap((wait) => writersOf(scene, wait)))];
    const members = [...new Set([...membersIn(readers), ...holders])];
    const waiting = cause.blocked.filter(({ subject, thread }) => thread.main && !readers.some((wait) => wait.subject === subject));
    const itself = readers.some((wait) => writersOf(scene, wait).includes(wait.subject.member));
    return [{
      certainty: certaintyOf(readers),
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
  })],
  title: ({ about }) => (about.title === undefined ? `${about.readers} ${Number(about.count) === 1 ? 'waits' : 'wait'} for data or the end of a pipe that never comes: its other end is open in ${about.holders}, and nobody of them will write or close it.` : String(about.title)),
  summary: (count) => counted(count, 'pipe is', 'pipes are') + ' never closed',
};
