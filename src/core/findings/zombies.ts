import type { ProcessRef } from '../events';
import type { Member } from '../members';
import type { Draft } from './finding';
import type { Rule } from './rule';
import { list, site, sites, whoIs, type Scene } from './scene';
import { counted } from './words';

/** Ended children pile up, because their parent does not wait for them. */

/** So many at the same time, each for so long (ms). */
const least = 4;
const longest = 4_000;

/** How long a child was a zombie: from its end until it was waited for, or until now. */
function asZombie({ state, now }: Scene, { id }: Member): { from: number; to: number } | undefined {
  const claims = state.members.get(id)?.claims;
  const from = claims?.zombie?.t ?? claims?.exit?.t;
  if (!claims || from === undefined || (claims.zombie === undefined && claims.gone === undefined && claims.reap === undefined)) return undefined;
  return { from, to: Math.min(claims.reap?.t ?? Infinity, claims.gone?.t ?? Infinity, now) };
}

export const zombies: Rule = {
  name: 'zombies',
  kind: 'failure',
  check: (scene) => {
    const groups = new Map<ProcessRef, { member: Member; from: number; to: number }[]>();
    for (const member of scene.members) {
      const span = member.parent === null ? undefined : asZombie(scene, member);
      if (span && member.parent !== null && span.to - span.from >= longest) groups.set(member.parent, [...groups.get(member.parent) ?? [], { member, ...span }]);
    }
    return [...groups].flatMap(([id, found]): Draft[] => {
      const parent = scene.byId.get(id);
      const together = found.filter(({ from }) => from <= Math.min(...found.map(({ to }) => to)) - longest);
      if (!parent || together.length < least) return [];
      const since = Math.min(...together.map(({ from }) => from));
      return [{
        certainty: 'likely',
        members: [id, ...together.map(({ member }) => member.id)],
        sites: sites(together.flatMap(({ member }) => site(member.site, 'created'))),
        evidence: [`/proc: ${together.length} children of ${whoIs(parent)} had ended and were not waited for, the first for ${((together[0]!.to - together[0]!.from) / 1000).toFixed(1)} s: ${list(together.map(({ member }) => whoIs(member)))}`],
        advice: 'Wait for each child: join() or poll() of those that have ended, subprocess.run(), or os.waitpid().',
        since,
        about: { count: together.length, parent: whoIs(parent), who: list(together.map(({ member }) => whoIs(member))) },
      }];
    });
  },
  title: ({ about }) => `${about.count} children of ${about.parent} have ended and stay as zombies, because it does not wait for them: ${about.who}.`,
  summary: (count) => counted(count, 'process leaves', 'processes leave') + ' zombies behind',
};
