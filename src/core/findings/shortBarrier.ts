import type { Rule } from './rule';
import { failureOf } from './endings';
import { endsOf } from './failures';
import { endedBefore } from './gone';
import { list, membersIn, quietSince, site, sites, whoIs } from './scene';
import { counted, factOf, nameOf } from './words';

/** A barrier waits for more parties than are alive. */
export const shortBarrier: Rule = {
  name: 'short-barrier',
  kind: 'hang',
  check: (scene) => scene.causes.flatMap((cause) => {
    const waits = cause.blocked.filter(({ kind }) => kind === 'barrier');
    const [first] = waits;
    if (!first) return [];
    const parties = first.object?.parties ?? 0;
    const ended = endedBefore(scene, waits);
    const members = membersIn(waits);
    return [{
      certainty: 'proved',
      members: [...members, ...ended].map(({ id }) => id),
      sites: sites(
        waits.flatMap((wait) => site(wait.site, 'waits')), waits.flatMap(({ object }) => site(object?.made, 'created')),
        ended.flatMap((member) => failureOf(member)?.sites ?? []), [...members, ...ended].flatMap((member) => site(member.site, 'created')),
      ),
      evidence: [
        ...waits.map(factOf),
        `asked: the barrier is for ${parties}, and ${waits.length} wait at it; everybody else who could come waits for them, or has ended`,
        ...ended.map((member) => `record: ${whoIs(member)} has ended: ${failureOf(member)?.text ?? 'without an error'}`),
      ],
      advice: 'Let all parties meet equally often, or call abort() on the barrier when one leaves.',
      since: quietSince(scene, members),
      about: { who: list(members.map(whoIs)), count: waits.length, parties, barrier: nameOf(first.object, 'Barrier'), ended: list(ended.map(whoIs)) },
      explains: [...cause.nodes, ...endsOf(scene, ended)],
    }];
  }),
  title: ({ about }) => `${about.who} ${Number(about.count) === 1 ? 'waits' : 'wait'} at the ${about.barrier} for ${about.parties} parties, but nobody else will come${about.ended === '' ? '' : `: ${about.ended} ended before`}.`,
  summary: (count) => counted(count, 'barrier waits', 'barriers wait') + ' for parties that are gone',
};
