import type { Wait } from '../insight/waits';
import type { Member } from '../members';
import { failureOf } from './endings';
import { endsOf } from './failures';
import type { Draft } from './finding';
import { list, livedUntil, membersIn, quietSince, site, sites, whoIs, type Cause, type Scene } from './scene';
import { certaintyOf, factOf } from './words';

/** Waits for somebody who has ended. */

/** The members that have ended and may have been the other side: those who failed first of all. */
export function endedBefore(scene: Scene, waits: readonly Wait[]): Member[] {
  const relatives = new Set(waits.flatMap(({ subject: { member } }) => [member.id, member.parent]));
  const ended = scene.members.filter((member) => member.role !== 'helper' && member.parent !== null && relatives.has(member.parent) && livedUntil(member, scene.situation?.t ?? scene.now));
  const failed = ended.filter((member) => failureOf(member) !== undefined);
  return failed.length > 0 ? failed : ended;
}

/** What a rule tells of such waits beside who waits and who has ended; `fact`: why nobody is left. */
interface Told {
  fact: string;
  advice: string;
  about: Draft['about'];
}

/** A draft about these waits of a cause; none where there are none. */
export function draftsOfGone(scene: Scene, cause: Cause, waits: readonly Wait[], tell: (first: Wait) => Told): Draft[] {
  const [first] = waits;
  if (!first) return [];
  const ended = endedBefore(scene, waits);
  const members = membersIn(waits);
  const { fact, advice, about } = tell(first);
  return [{
    certainty: certaintyOf(waits),
    members: [...members, ...ended].map(({ id }) => id),
    sites: sites(
      waits.flatMap((wait) => site(wait.site, 'waits')), ended.flatMap((member) => failureOf(member)?.sites ?? []),
      waits.flatMap(({ object }) => site(object?.made, 'created')), [...members, ...ended].flatMap((member) => site(member.site, 'created')),
    ),
    evidence: [...waits.map(factOf), fact, ...ended.map((member) => `record: ${whoIs(member)} has ended: ${failureOf(member)?.text ?? 'without an error'}`)],
    advice,
    since: quietSince(scene, members),
    about: { who: list(members.map(whoIs)), count: members.length, ended: list(ended.map(whoIs)), ...about },
    explains: [...cause.nodes, ...endsOf(scene, ended)],
  }];
}
