import type { Rule } from './rule';
import { rootOf } from './failures';
import { list, site, sites, whoIs, type Scene } from './scene';
import { counted } from './words';

/** Far more threads want to run than there are cores. */

/** So many more, at each of so many looks. */
const factor = 3;
const looks = 3;

export const oversubscribed: Rule = {
  name: 'oversubscribed',
  kind: 'waste',
  check: (scene: Scene) => {
    const seen = scene.insight.crowds;
    const crowded = seen.filter(({ running, cores }) => running >= factor * cores && running - cores >= 6);
    const root = rootOf(scene);
    if (crowded.length < looks || !root) return [];
    const worst = crowded.reduce((a, b) => (b.running > a.running ? b : a));
    const members = worst.members.flatMap((id) => scene.byId.get(id) ?? []);
    return [{
      certainty: 'likely',
      members: members.map(({ id }) => id),
      sites: sites(members.slice(0, 8).flatMap((member) => [...site(member.site, 'created'), ...site(member.target, 'target')])),
      evidence: [`/proc: ${worst.running} threads of ${members.length} processes wanted to run on ${worst.cores} cores, at ${crowded.length} looks`, `/proc: ${list(members.map(whoIs), 6)}`],
      advice: 'Start as many workers as there are cores (os.process_cpu_count(), os.availableParallelism()), and one thread in each: OMP_NUM_THREADS=1, torch.set_num_threads(1).',
      since: crowded[0]?.t ?? root.startedAt,
      about: { running: worst.running, cores: worst.cores, processes: members.length },
    }];
  },
  title: ({ about }) => `${about.running} threads of ${about.processes} processes share ${counted(Number(about.cores), 'core')}.`,
  summary: (count) => counted(count, 'program') + ' with far more running threads than cores',
};
