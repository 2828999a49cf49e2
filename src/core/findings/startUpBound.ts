import { formatSeconds } from '../describe';
import type { Member } from '../members';
import type { Draft } from './finding';
import type { Rule } from './rule';
import { rootOf } from './failures';
import { lineOf, site, sites, whoIs, type Scene } from './scene';
import { counted } from './words';

/** More time goes into starting processes than into what they do. */

/** So many short-lived processes of one line, each of which lived at most so long (ms), and together so much of the run. */
const least = 20;
const shortLife = 1_500;
const share = 0.5;

const made = ({ startMethod, runtime }: Member): boolean => /^(fork|spawn|forkserver|subprocess|child_process\.)/.test(startMethod) && runtime !== 'other';

/** Children by the line that started them. */
function byLine(members: readonly Member[]): Member[][] {
  const groups = new Map<string, Member[]>();
  for (const member of members) {
    if (!member.site || member.role === 'helper' || !made(member) || member.endedAt === null || member.endedAt - member.startedAt > shortLife) continue;
    const key = `${member.parent ?? ''} ${member.site.file}:${member.site.line}`;
    const held = groups.get(key);
    if (held) held.push(member);
    else groups.set(key, [member]);
  }
  return [...groups.values()].filter((group) => group.length >= least);
}

/** The time that at least one of the group lived, in ms: how much of the run it took. */
function covered(group: readonly Member[]): number {
  let sum = 0;
  let until = 0;
  for (const { startedAt, endedAt } of [...group].sort((a, b) => a.startedAt - b.startedAt)) {
    const end = endedAt ?? startedAt;
    sum += Math.max(0, end - Math.max(until, startedAt));
    until = Math.max(until, end);
  }
  return sum;
}

/** When a process began to run the program's own code: a spawned interpreter tells its name after its imports. */
function startUp({ state }: Scene, { id, startedAt, startMethod }: Member): number {
  const claims = state.members.get(id)?.claims;
  const ready = startMethod === 'spawn' || startMethod === 'forkserver' ? claims?.name?.t : claims?.firstStart?.t;
  return Math.max(0, (ready ?? startedAt) - startedAt);
}

export const startUpBound: Rule = {
  name: 'start-up-bound',
  kind: 'waste',
  check: (scene) => {
    const root = rootOf(scene);
    if (!root || root.endedAt === null) return [];
    const length = root.endedAt - root.startedAt;
    return byLine(scene.members).flatMap((group): Draft[] => {
      const lives = group.reduce((sum, { startedAt, endedAt }) => sum + (endedAt ?? startedAt) - startedAt, 0);
      const starting = group.reduce((sum, member) => sum + startUp(scene, member), 0);
      const [first] = group;
      if (!first || covered(group) < share * length || starting < share * lives) return [];
      return [{
        certainty: 'likely',
        members: group.slice(0, 20).map(({ id }) => id),
        sites: sites(site(first.site, 'created'), site(first.target, 'target')),
        evidence: [
          `record: ${group.length} processes were started ${first.site ? `at ${lineOf(first.site)}` : ''}, each lived ${formatSeconds(lives / group.length / 1000)} on average`,
          `record: ${formatSeconds(starting / 1000)} of ${formatSeconds(lives / 1000)} went into starting them, before they did anything`,
        ],
        advice: 'Keep a pool of workers and give it many tasks, or give each process more to do at a time.',
        since: first.startedAt,
        about: { count: group.length, line: first.site ? lineOf(first.site) : '', percent: Math.round((100 * starting) / lives), parent: whoIs(scene.byId.get(first.parent ?? '') ?? root), name: first.name },
      }];
    });
  },
  title: ({ about }) => `${about.parent} started ${about.count} processes${about.line === '' ? '' : ` at ${about.line}`} (${about.name}, …), and ${about.percent} % of their time went into starting them.`,
  summary: (count) => counted(count, 'line starts', 'lines start') + ' processes for less work than the start costs',
};
