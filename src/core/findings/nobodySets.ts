import { draftsOfGone } from './gone';
import { loopDrafts } from './nodeHangs';
import type { Rule } from './rule';
import { counted, nameOf } from './words';

/** A process waits for an event, a condition or a future that nobody alive can set any more. */
export const nobodySets: Rule = {
  name: 'nobody-sets',
  kind: 'hang',
  check: (scene) => [...loopDrafts(scene, 'nobody-sets'), ...scene.causes.flatMap((cause) => {
    const waits = cause.blocked.filter(({ kind }) => kind === 'event' || kind === 'condition' || kind === 'barrier' || kind === 'result' || kind === 'lock');
    return draftsOfGone(scene, cause, waits, ({ object }) => ({
      fact: '/proc: everybody who has it waits, too',
      advice: 'Set it in a "finally", so that it is set also when its setter fails, or wait with a timeout and look whether the setter is alive.',
      about: { what: nameOf(object, 'result') },
    }));
  })],
  title: ({ about }) => (about.title === undefined ? `${about.who} ${Number(about.count) === 1 ? 'waits' : 'wait'} for the ${about.what}, which nobody who lives will set any more${about.ended === '' ? '' : ` (${about.ended} ended before)`}.` : String(about.title)),
  summary: (count) => counted(count, 'wait', 'waits') + ' for something that nobody will set',
};
