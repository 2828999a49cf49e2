import { areLinked } from '../insight/links';
import type { Draft, Rule } from './finding';
import { loopDrafts } from './nodeHangs';
import { suspended } from './nodeLoops';
import { isCurrent, quietSince, site, sites, subjectOfMember, whoIs, type Scene } from './scene';
import { counted } from './words';

/** A Node process has nothing left to do but an open handle, which keeps it alive, and its parent waits for its exit. */

/** ms that a retired worker of a cluster may take to finish its requests */
const patience = 10_000;

/** Workers of a cluster that were told to retire: their channel is closed, and they are still there. */
function retired(scene: Scene): Draft[] {
  const { round } = scene;
  return round === undefined ? [] : round.subjects.filter(({ member }) => member.startMethod === 'cluster').flatMap((worker): Draft[] => {
    const parent = subjectOfMember(round, worker.member.parent);
    if (!parent || areLinked(round, worker, parent) || round.t - quietSince(scene, [worker.member]) < patience || !isCurrent(scene, worker.member)) return [];
    const waits = [parent, worker].flatMap(({ threads }) => threads.filter(({ main }) => main).flatMap(({ node }) => round.wakers.waits.get(node) ?? []));
    return [{
      certainty: 'likely',
      members: [worker.member.id, parent.member.id],
      sites: sites(suspended(waits), site(worker.member.site, 'created')),
      evidence: [
        `/proc: the channel between ${whoIs(worker.member)} and ${whoIs(parent.member)} is closed (disconnect), and ${whoIs(worker.member)} is still there`,
        ...(worker.look.files.some(({ peer }) => peer !== undefined) ? [`/proc: it has an open connection, and a server closes only when its last connection has ended`] : []),
      ],
      advice: 'End its connections first: server.closeAllConnections(), or end the responses on "disconnect"; kill the worker after a while.',
      since: quietSince(scene, [worker.member]),
      about: { title: `${whoIs(worker.member)} of the cluster was told to disconnect and does not end: an open connection or server keeps it alive.` },
    }];
  });
}

export const ipcKeepsAlive: Rule = {
  name: 'ipc-keeps-alive',
  kind: 'hang',
  check: (scene) => [...loopDrafts(scene, 'ipc-keeps-alive'), ...retired(scene)],
  title: ({ about }) => String(about.title),
  summary: (count) => counted(count, 'process is', 'processes are') + ' kept alive by an open handle alone',
};
