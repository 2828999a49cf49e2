import { formatSeconds } from '../describe';
import type { Member } from '../members';
import type { Draft } from './finding';
import type { Rule } from './rule';
import { rootOf } from './failures';
import { list, site, sites, submittedTo, whoIs, type Scene } from './scene';
import { counted } from './words';

/** One worker works for long while the others have nothing left to do. */

/** At least so many workers; the long one used so much CPU time (s) and so much of that of all, and worked alone for so long (ms) and so much of the time. */
const least = 3;
const longWork = 1;
const share = 0.7;
const alone = 2_500;
const aloneShare = 0.35;

/** When a member last used CPU time: its numbers are told only when they change. */
function lastActive({ state }: Scene, { id, endedAt, startedAt }: Member): number {
  const claims = state.members.get(id)?.claims;
  return Math.min(claims?.gone?.value.active ?? claims?.sample?.t ?? startedAt, endedAt ?? Infinity);
}

/** Workers of the same kind: of one parent, with the same thing to do. */
const kindOf = (member: Member): string => `${member.parent ?? ''} ${member.role} ${member.startMethod} ${member.target ? `${member.target.file}:${member.target.function}` : ''} ${member.role === 'worker' ? '' : member.argv.join(' ')}`;

const isWorker = ({ role, startMethod }: Member): boolean => role === 'worker' || (role === 'child' && /^(fork|spawn|forkserver|child_process\.fork)$/.test(startMethod));

function groupsIn(members: readonly Member[]): Member[][] {
  const groups = new Map<string, Member[]>();
  for (const member of members.filter(isWorker)) {
    const held = groups.get(kindOf(member));
    if (held) held.push(member);
    else groups.set(kindOf(member), [member]);
  }
  return [...groups.values()].filter((group) => group.length >= least);
}

/** Where no task is told of: what the numbers say. One has used nearly all of the CPU time, and long after the others used theirs. */
function ofNumbers(scene: Scene, group: readonly Member[]): Draft | undefined {
  const sorted = [...group].sort((a, b) => lastActive(scene, b) - lastActive(scene, a));
  const [long, next] = sorted;
  if (!long || !next) return undefined;
  const total = group.reduce((sum, { cpuSeconds }) => sum + (cpuSeconds ?? 0), 0);
  const tail = lastActive(scene, long) - lastActive(scene, next);
  const cpu = long.cpuSeconds ?? 0;
  const isLong = cpu >= longWork && cpu >= share * total && tail >= Math.max(alone, aloneShare * (lastActive(scene, long) - long.startedAt));
  if (!isLong || group.some(({ startedAt }) => startedAt > lastActive(scene, next))) return undefined;
  const others = sorted.slice(1);
  return {
    certainty: 'likely',
    members: sorted.map(({ id }) => id),
    sites: sites(site(submittedTo(scene, long), 'submitted'), site(long.site, 'created'), site(long.target, 'target')),
    evidence: [
      `/proc: ${whoIs(long)} used ${formatSeconds(cpu)} of CPU time, the ${others.length} others ${formatSeconds(total - cpu)} together`,
      `/proc: for the last ${formatSeconds(tail / 1000)} ${whoIs(long)} was the only one that worked; ${list(others.map(whoIs))} were idle`,
    ],
    advice: 'Hand out smaller pieces (one item at a time, one queue for all workers), the long ones first.',
    since: lastActive(scene, next),
    about: { title: `${whoIs(long)} worked alone for ${formatSeconds(tail / 1000)}, while the ${others.length} other workers had nothing left to do (idle).` },
  };
}

interface Span {
  member: Member;
  t: number;
  end: number;
  function: number;
}

/** What the pages of a group's workers tell: the last task took long, and began while the others still worked; then they had nothing left. */
function ofTasks(scene: Scene, group: readonly Member[]): Draft | undefined {
  const spans = group.flatMap((member): Span[] => (scene.insight.tasks.get(member.id)?.view.spans ?? []).map(({ t, ms, function: number }) => ({ member, t, end: t + ms, function: number })));
  const long = spans.reduce<Span | undefined>((last, span) => (!last || span.end > last.end ? span : last), undefined);
  const others = group.filter((member) => member !== long?.member);
  if (!long || others.length < least - 1) return undefined;
  // One call each: there is nothing to hand out otherwise. What a Pool calls a task may be a chunk of many.
  if (spans.length <= group.length && !group.every(({ name }) => /PoolWorker/.test(name))) return undefined;
  const idleFrom = Math.max(...spans.filter(({ member }) => member !== long.member).map(({ end }) => end));
  const tail = long.end - idleFrom;
  if (!(tail >= alone) || long.t >= idleFrom || tail < aloneShare * (long.end - Math.min(...spans.map(({ t }) => t)))) return undefined;
  const what = scene.insight.tasks.get(long.member.id)?.view.functions[long.function - 1];
  const name = what?.function ?? 'a task';
  return {
    certainty: 'proved',
    members: [long.member, ...others].map(({ id }) => id),
    sites: sites(site(what?.site, 'target'), site(long.member.site, 'created')),
    evidence: [
      `page of tasks: the last task of ${whoIs(long.member)}, ${name}, took ${formatSeconds((long.end - long.t) / 1000)}`,
      `page of tasks: for the last ${formatSeconds(tail / 1000)} of it ${list(others.map(whoIs))} had no task`,
    ],
    advice: 'Hand out smaller pieces (chunksize=1, imap_unordered, submit), the long ones first.',
    since: idleFrom,
    about: { title: `${whoIs(long.member)} worked alone in ${name} for ${formatSeconds(tail / 1000)}, while the ${others.length} other workers had nothing left to do (idle).` },
  };
}

export const imbalance: Rule = {
  name: 'imbalance',
  kind: 'waste',
  check: (scene) => {
    const root = rootOf(scene);
    // Only at its end it is known that nothing more came.
    if (!root || root.endedAt === null || root.exit?.code !== 0) return [];
    const groups = groupsIn(scene.members);
    const told = groups.filter((group) => group.some(({ id }) => scene.insight.tasks.has(id)));
    return [...told.flatMap((group) => ofTasks(scene, group) ?? []), ...groups.filter((group) => !told.includes(group)).flatMap((group) => ofNumbers(scene, group) ?? [])];
  },
  title: ({ about }) => String(about.title),
  summary: (count) => counted(count, 'group of workers is', 'groups of workers are') + ' out of balance',
};
