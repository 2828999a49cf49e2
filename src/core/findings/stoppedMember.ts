import type { Subject } from '../insight/threads';
import type { Rule } from './rule';
import { list, quietSince, site, sites, whoIs, type Scene } from './scene';
import { counted, factOf } from './words';

/** A member is stopped by a signal, and nobody of the run who could let it go on is left. */

const isStopped = ({ threads }: Subject): boolean => threads.some(({ main, look }) => main && look.on === 'stopped' && !look.tracer);

/** How a member came to be stopped: by whom, or by the terminal. */
function reasonOf({ state }: Scene, { member, threads }: Subject): { signal: string; text: string } {
  const sent = state.members.get(member.id)?.signals.filter(({ signal }) => /^SIG(STOP|TSTP|TTIN|TTOU)$/.test(signal)).at(-1);
  if (sent) return { signal: sent.signal, text: sent.by === 'procession' ? 'Procession sent it' : `pid ${parseInt(sent.id, 10)} sent it` };
  const call = threads.find(({ main }) => main)?.look.call;
  if (call === 'ioctl') return { signal: 'SIGTTOU', text: 'it changed the terminal from the background' };
  if (call === 'read') return { signal: 'SIGTTIN', text: 'it read the terminal from the background' };
  return { signal: 'SIGSTOP', text: 'nobody of the run sent it' };
}

export const stoppedMember: Rule = {
  name: 'stopped-member',
  kind: 'hang',
  check: (scene) => {
    const { situation } = scene;
    const stopped = situation?.subjects.filter((subject) => isStopped(subject) && subject.member.role !== 'helper') ?? [];
    if (!situation || stopped.length === 0) return [];
    const users = situation.subjects.filter(({ member }) => member.role !== 'helper');
    // Whoever goes on may let the others go on.
    if (users.some(({ threads }) => threads.some(({ main, node }) => main && situation.fateWhenStopped.isAlive(node)))) return [];
    const reasons = stopped.map((subject) => ({ subject, ...reasonOf(scene, subject) }));
    if (reasons.every(({ text }) => text.startsWith('Procession'))) return [];
    const waiting = users.filter((subject) => !stopped.includes(subject)).flatMap(({ threads }) => threads.filter(({ main }) => main).flatMap(({ node }) => situation.wakers.waits.get(node) ?? []));
    const members = stopped.map(({ member }) => member);
    return [{
      certainty: 'proved' as const,
      members: [...members, ...waiting.map(({ subject }) => subject.member)].map(({ id }) => id),
      sites: sites(
        waiting.flatMap((wait) => site(wait.site, 'waits')), members.flatMap((member) => site(member.site, 'created')),
        members.flatMap((member) => site(scene.state.members.get(member.id)?.signals.at(-1)?.site, 'failed')),
      ),
      evidence: [...reasons.map(({ subject, signal, text }) => `/proc: ${whoIs(subject.member)} is stopped (${signal}: ${text})`), ...waiting.map(factOf)],
      advice: reasons.some(({ signal }) => signal.startsWith('SIGTT'))
        ? 'Keep it from the terminal (stdin=subprocess.DEVNULL), or leave it in the foreground group. SIGCONT lets it go on.'
        : 'Send it SIGCONT.',
      since: quietSince(scene, members),
      about: { who: list(members.map(whoIs)), count: members.length, signal: list([...new Set(reasons.map(({ signal }) => signal))]), waiters: list(waiting.map(({ subject }) => whoIs(subject.member))), waiting: waiting.length },
      explains: scene.causes.flatMap(({ nodes }) => [...nodes]),
    }];
  },
  title: ({ about }) => `${about.who} ${Number(about.count) === 1 ? 'is' : 'are'} stopped by ${about.signal}${about.waiters === '' ? '' : `, and ${about.waiters} ${Number(about.waiting) === 1 ? 'waits' : 'wait'} for it`}.`,
  summary: (count) => counted(count, 'stopped process holds', 'stopped processes hold') + ' others up',
};
