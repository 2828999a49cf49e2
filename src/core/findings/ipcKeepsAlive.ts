import type { Draft } from './finding';
import type { Rule } from './rule';
import { loopDrafts } from './nodeHangs';
import { suspended } from './nodeLoops';
import { lineOf, namesOf, site, sites, whoIs, type Scene } from './scene';
import { counted } from './words';

/** A Node process has nothing left to do but an open handle, which keeps it alive, and its parent waits for its exit. */

/** ms that a retired worker of a cluster may take to finish its requests */
const patience = 10_000;

/** Workers of a cluster that were told to retire, and are still there. */
function retired(scene: Scene): Draft[] {
  return [...scene.insight.retired.values()].flatMap((told): Draft[] => {
    const worker = scene.members.find((member) => namesOf(member).includes(told.child));
    const parent = scene.byId.get(told.id);
    const until = Math.min(worker?.endedAt ?? Infinity, scene.stoppedAt, scene.now);
    if (!worker || !parent || until - told.t < patience) return [];
    const subjects = scene.round?.subjects.filter(({ member }) => member === worker || member === parent) ?? [];
    const waits = subjects.flatMap(({ threads }) => threads.filter(({ main }) => main).flatMap(({ node }) => scene.round?.wakers.waits.get(node) ?? []));
    const connected = subjects.find(({ member }) => member === worker)?.look.files.some(({ internet, listens }) => internet && listens === undefined);
    return [{
      certainty: 'likely',
      members: [worker.id, parent.id],
      sites: sites(site(told.site, 'waits'), suspended(waits), site(worker.site, 'created')),
      evidence: [
        `record: ${whoIs(parent)} told ${whoIs(worker)} to end${told.via === undefined ? '' : ` by ${told.via}`}${told.site ? ` at ${lineOf(told.site)}` : ''}; ${((until - told.t) / 1000).toFixed(0)} s later it was still there`,
        ...(connected ? ['/proc: it has an open connection, and a server closes only when its last connection has ended'] : []),
      ],
      advice: 'End its connections first: server.closeAllConnections(), or end the responses on "disconnect"; kill the worker after a while.',
      since: told.t,
      about: { title: `${whoIs(worker)} of the cluster was told to disconnect and does not end: an open ${connected ? 'connection' : 'handle'} keeps its server, and so the worker, alive.` },
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
