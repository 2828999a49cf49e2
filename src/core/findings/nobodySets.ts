import type { Rule } from './rule';
import { loopDrafts } from './nodeHangs';
import { list, membersIn, quietSince, site, sites, whoIs } from './scene';
import { failureOf } from './endings';
import { endsOf } from './failures';
import { endedBefore } from './queues';
import { certaintyOf, counted, factOf, nameOf } from './words';

/** A process waits for an event, a condition or a future that nobody alive can set any more. */
export const nobodySets: Rule = {
  name: 'nobody-sets',
  kind: 'hang',
  check: (scene) => [...loopDrafts(scene, 'nobody-sets'), ...scene.causes.flatMap((cause) => {
    const waits = cause.blocked.filter(({ kind }) => kind === 'event' || kind === 'condition' || kind === 'barrier' || kind === 'result' || kind === 'lock');
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
      evidence: [...waits.map(factOf), '/proc: everybody who has it waits, too', ...ended.map((member) => `record: ${whoIs(member)} has ended: ${failureOf(member)?.text ?? 'without an error'}`)],
      advice: 'Set it in a "finally", so that it is set also when its setter fails, or wait with a timeout and look whether the setter is alive.',
      since: quietSince(scene, members),
      about: { who: list(members.map(whoIs)), count: members.length, what: nameOf(first.object, 'result'), ended: list(ended.map(whoIs)) },
      explains: [...cause.nodes, ...endsOf(scene, ended)],
    }];
  })],
  title: ({ about }) => (about.title === undefined ? `${about.who} ${Number(about.count) === 1 ? 'waits' : 'wait'} for the ${about.what}, which nobody who lives will set any more${about.ended === '' ? '' : ` (${about.ended} ended before)`}.` : String(about.title)),
  summary: (count) => counted(count, 'wait', 'waits') + ' for something that nobody will set',
};
