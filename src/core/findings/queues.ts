import type { Wait, WaitKind } from '../insight/waits';
import type { Draft, RuleName } from './finding';
import { draftsOfGone } from './gone';
import type { Rule } from './rule';
import type { Cause, Scene } from './scene';
import { counted, nameOf } from './words';

/** Rules about queues whose other side is gone. */

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
  return draftsOfGone(scene, cause, cause.blocked.filter((wait) => isOf(side, wait)), ({ object }) => ({
    fact: `/proc and asked: everybody who lives and has the queue waits, too; nobody is left who could ${side.missing}`,
    advice: side.advice,
    about: { queue: nameOf(object, 'queue') },
  }));
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
