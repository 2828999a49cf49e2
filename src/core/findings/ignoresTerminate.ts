import type { SignalEvent } from '../events';
import type { Member } from '../members';
import { latestRound } from '../insight/projection';
import type { Draft } from './finding';
import type { Rule } from './rule';
import { lineOf, site, sites, whoIs, type Scene } from './scene';
import { counted } from './words';

/** A member that was told to end is still there, and who told it waits for that without a limit. */

/** ms that a member may take to end */
const patience = 10_000;

/** The first SIGTERM that a member of the run sent. */
const told = ({ state }: Scene, { id }: Member): SignalEvent | undefined => state.members.get(id)?.signals.find(({ signal, by }) => signal === 'SIGTERM' && by !== 'procession');

/** Whether the main thread of a member waits without a time limit, as of the latest inquiry. Else it may well send SIGKILL next. */
function waitsForGood({ insight }: Scene, { id, pid }: Member): boolean {
  const thread = latestRound(insight)?.looks.get(id)?.view.threads.find(({ tid }) => tid === pid);
  return thread !== undefined && ['files', 'child', 'futex'].includes(thread.on);
}

export const ignoresTerminate: Rule = {
  name: 'ignores-terminate',
  kind: 'hang',
  check: (scene) => scene.members.flatMap((member): Draft[] => {
    const signal = told(scene, member);
    const sender = signal && scene.byId.get(signal.id);
    if (!signal || !sender || sender === member) return [];
    // What Procession has ended in the meantime had not ended by itself.
    const steered = scene.insight.steered.find((at) => at > signal.t) ?? Infinity;
    const until = Math.min(member.endedAt ?? Infinity, steered, scene.now);
    const round = latestRound(scene.insight);
    if (until - signal.t < patience || !round || round.round < signal.t || !waitsForGood(scene, sender)) return [];
    return [{
      certainty: 'proved',
      members: [member.id, sender.id],
      sites: sites(site(signal.site, 'failed'), site(member.site, 'created'), site(member.target, 'target')),
      evidence: [
        `record: ${whoIs(sender)} sent it SIGTERM${signal.via === undefined ? '' : ` by ${signal.via}`}${signal.site ? ` at ${lineOf(signal.site)}` : ''}; ${((until - signal.t) / 1000).toFixed(0)} s later it was still there`,
        `/proc: ${whoIs(sender)} waits without a time limit, so nobody will send SIGKILL`,
      ],
      advice: 'Let the handler of SIGTERM end what the process waits for, or wait with a time limit and then send SIGKILL (kill()).',
      since: signal.t,
      about: { who: whoIs(member), sender: whoIs(sender), seconds: Math.round((until - signal.t) / 1000) },
      explains: [`end of ${member.id}`],
    }];
  }),
  title: ({ about }) => `${about.who} was told to end by ${about.sender} (SIGTERM), and is still there after ${about.seconds} s.`,
  summary: (count) => counted(count, 'process does', 'processes do') + ' not end when told to',
};
