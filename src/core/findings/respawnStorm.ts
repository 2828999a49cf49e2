import { describeExit } from '../describe';
import type { Member } from '../members';
import { failureOf } from './endings';
import type { Draft } from './finding';
import type { Rule } from './rule';
import { endsOf, isCommand } from './failures';
import { lineOf, site, sites, whoIs } from './scene';
import { counted } from './words';

/** Workers die at once and are replaced, again and again. */

/** So many in a row, each of which lived at most so long (ms), with no success in between. */
const least = 6;
const shortLife = 3_000;

const kindOf = (member: Member): string => `${member.parent ?? ''} ${member.role} ${member.startMethod} ${member.target ? `${member.target.file}:${member.target.function}` : member.role === 'worker' ? '' : member.argv.join(' ')}`;

/** A worker that failed soon after it was started, by itself. */
const isStillborn = (member: Member): boolean => failureOf(member) !== undefined && (member.endedAt ?? 0) - member.startedAt <= shortLife
  && member.endedBy?.by !== 'member' && member.endedBy?.by !== 'procession';

/** The newest row of failures among members of one kind, if each came after another had failed. */
function stormIn(group: readonly Member[]): Member[] {
  const ended = group.filter(({ endedAt }) => endedAt !== null);
  const lastGood = ended.findLastIndex((member) => !isStillborn(member));
  const row = ended.slice(lastGood + 1);
  const first = row[0];
  // Those that were started side by side replace nobody.
  const replacements = row.filter(({ startedAt }) => first?.endedAt !== null && first !== undefined && startedAt >= (first.endedAt ?? Infinity));
  return replacements.length >= least - 1 ? row : [];
}

export const respawnStorm: Rule = {
  name: 'respawn-storm',
  kind: 'hang',
  check: (scene) => {
    const groups = new Map<string, Member[]>();
    for (const member of scene.members) {
      // A command that fails again and again is often asked for its exit status until it succeeds.
      if (member.role === 'root' || member.role === 'helper' || (isCommand(member) && !member.error)) continue;
      const key = kindOf(member);
      const held = groups.get(key);
      if (held) held.push(member);
      else groups.set(key, [member]);
    }
    return [...groups.values()].flatMap((group): Draft[] => {
      const row = group.length < least ? [] : stormIn(group);
      const [first] = row;
      const last = row.at(-1);
      if (!first || !last) return [];
      const parent = scene.byId.get(first.parent ?? '');
      const seconds = ((last.endedAt ?? 0) - first.startedAt) / 1000;
      return [{
        certainty: 'proved',
        members: [...(parent ? [parent.id] : []), ...row.slice(0, 20).map(({ id }) => id)],
        sites: sites(failureOf(last)?.sites ?? [], row.flatMap((member) => site(member.site, 'created')).slice(0, 3)),
        evidence: [
          `record: ${row.length} of them ended within ${seconds.toFixed(1)} s, each at most ${(Math.max(...row.map((member) => (member.endedAt ?? 0) - member.startedAt)) / 1000).toFixed(1)} s old`,
          ...row.slice(0, 3).map((member) => `record: ${whoIs(member)} ended: ${failureOf(member)?.text ?? ''}`),
        ],
        advice: 'Mend what ends them at their start; start them again with a growing delay, and give up when one dies before it has worked.',
        since: first.startedAt,
        about: { count: row.length, name: last.name, parent: parent ? ` of ${whoIs(parent)}` : '', exit: describeExit(last), where: failureOf(last)?.sites[0] ? `, at ${lineOf(failureOf(last)?.sites[0] as { file: string; line: number })}` : '' },
        explains: endsOf(scene, row),
      }];
    });
  },
  title: ({ about }) => `${about.count} workers${about.parent} died at their start and were replaced, the last one ${about.name}: exit ${about.exit}${about.where}.`,
  summary: (count) => counted(count, 'storm') + ' of workers that die at once',
};
