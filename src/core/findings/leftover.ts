import type { Rule } from './rule';
import { rootOf } from './failures';
import { list, site, sites, whoIs } from './scene';
import { counted } from './words';

/** Members outlive the program. */

/** ms after the end of the first process in which the others may yet end */
const slack = 1_500;
/** Tools that leave a server behind on purpose, for the next time. */
const servers = /God Daemon|\bpm2\b|watchman|gradle|sccache|ccache|\badb\b|gpg-agent|ssh-agent|dbus-|eslint_d|prettierd|dmypy|nx.*daemon|turbo.*daemon|buildkit|bazel/;

export const leftover: Rule = {
  name: 'leftover',
  kind: 'failure',
  check: (scene) => {
    const root = rootOf(scene);
    if (!root || root.endedAt === null || scene.now - root.endedAt < slack) return [];
    const left = scene.members.filter((member) => member.endedAt === null && member.role !== 'helper' && member !== root && !servers.test(`${member.name} ${member.argv.join(' ')}`)
      // What was stopped by Procession is on its way.
      && !scene.insight.steered.some((at) => at >= (root.endedAt ?? 0) - 10_000));
    if (left.length === 0) return [];
    return [{
      certainty: 'proved',
      members: left.map(({ id }) => id),
      sites: sites(left.flatMap((member) => [...site(member.site, 'created'), ...site(member.target, 'target')])),
      evidence: left.slice(0, 8).map((member) => `/proc: ${whoIs(member)} is still alive, its first process ${whoIs(root)} has ended${member.daemon ? `; it is ${member.runtime === 'node' ? 'detached' : 'a daemon'}` : ''}`),
      advice: 'Terminate and join them before the end (a context manager, "finally", an exit handler), or make them end when their parent does.',
      since: root.endedAt,
      about: { who: list(left.map(whoIs)), count: left.length, root: whoIs(root) },
    }];
  },
  title: ({ about }) => `${about.who} ${Number(about.count) === 1 ? 'is' : 'are'} left behind by ${about.root}, which has ended.`,
  summary: (count) => counted(count, 'program') + ' left processes behind',
};
