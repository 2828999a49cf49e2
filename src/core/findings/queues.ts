import type { Wait, WaitKind } from '../insight/waits';
import type { Member } from '../members';
import { failureOf } from './endings';
import { endsOf } from './failures';
import type { Draft, RuleName } from './finding';
import type { Rule } from './rule';
import { list, livedUntil, membersIn, quietSince, site, sites, whoIs, type Cause, type Scene } from './scene';
import { certaintyOf, counted, factOf, nameOf } from './words';

/** Rules about queues whose other side is gone. */

/** The members that have ended and may have been the other side: those who failed first of all. */
export function endedBefore(scene: Scene, waits: readonly Wait[]): Member[] {
  const relatives = new Set(waits.flatMap(({ subject: { member } }) => [member.id, member.parent]));
  const ended = scene.members.filter((member) => member.role !== 'helper' && member.parent !== null && relatives.has(member.parent) && livedUntil(member, scene.situation?.t ?? scene.now));
  const failed = ended.filter((member) => failureOf(member) !== undefined);
  return failed.length > 0 ? failed : ended;
}

interface Side {
  name: RuleName;
  kinds: readonly WaitKind[];
  /** methods of a queue of a manager, or of a worker thread */
  method: RegExp;
  title: (about: Draft['about']) => string;
  summary: (count: number) => string;
  advice: string;
  /** what nobody is left to do */
  missing: string;
}

const isOf = ({ kinds, method }: Side, { kind, call }: Wait): boolean => kinds.includes(kind) || (kind === 'proxy' && method.test(call));

function check(side: Side, scene: Scene, cause: Cause): Draft[] {
  const waits = cause.blocked.filter((wait) => isOf(side, wait));
  const [first] = waits;
  if (!first) return [];
  const ended = endedBefore(scene, waits);
  const members = membersIn(waits);
  return [{
    certainty: certaintyOf(waits),
    members: [...members, ...ended].map(({ id }) => id),
    sites: sites(
      waits.flatMap((wait) => site(wait.site, 'waits')), ended.flatMap((member) => failureOf(member)?.sites ?? []),
      waits.flatMap(({ object }) => site(object?.made, 'created')), [...members, ...ended].flatMap((member) => site(member.site, 'created')),
    ),
    evidence: [
      ...waits.map(factOf),
      `/proc and asked: everybody who lives and has the queue waits, too; nobody is left who could ${side.missing}`,
      ...ended.map((member) => `record: ${whoIs(member)} has ended: ${failureOf(member)?.text ?? 'without an error'}`),
    ],
    advice: side.advice,
    since: quietSince(scene, members),
    about: { who: list(members.map(whoIs)), count: members.length, queue: nameOf(first.object, 'queue'), ended: list(ended.map(whoIs)) },
    explains: [...cause.nodes, ...endsOf(scene, ended)],
  }];
}

const ruleOf = (side: Side): Rule => ({
  name: side.name,
  kind: 'hang',
  check: (scene) => scene.causes.flatMap((cause) => check(side, scene, cause)),
  title: ({ about }) => side.title(about),
  summary: side.summary,
});

const afterwards = ({ ended }: Draft['about']): string => (ended === '' ? '' : ` (${ended} ended before)`);

export const noProducer = ruleOf({
  name: 'no-producer',
  kinds: ['get'],
  method: /\.get$/,
  title: (about) => `${about.who} ${Number(about.count) === 1 ? 'waits' : 'wait'} in get() of the ${about.queue}, and nobody is left who will put anything into it${afterwards(about)}.`,
  summary: (count) => counted(count, 'queue has', 'queues have') + ' no producer any more',
  advice: 'Let each producer put a last item (a sentinel) for every consumer, also when it fails, or use get(timeout=…).',
  missing: 'put an item',
});

export const noConsumer = ruleOf({
  name: 'no-consumer',
  kinds: ['put', 'drain'],
  method: /\.(put|join)$/,
  title: (about) => `${about.who} ${Number(about.count) === 1 ? 'waits' : 'wait'} for room in the ${about.queue}, and nobody is left who will get anything from it${afterwards(about)}.`,
  summary: (count) => counted(count, 'queue has', 'queues have') + ' no consumer any more',
  advice: 'Look whether the consumer is alive (is_alive()), use put(timeout=…), and let the consumer survive items that it can\'t handle.',
  missing: 'get an item',
});
