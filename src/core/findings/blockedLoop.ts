import { awaitedFiles, otherEnd } from '../insight/links';
import type { Situation } from '../insight/situation';
import type { Subject } from '../insight/threads';
import type { Wait } from '../insight/waits';
import type { Draft } from './finding';
import type { Rule } from './rule';
import { loopName, loopsIn, placesOf, factsOf, workerOf } from './nodeLoops';
import { isCurrent, list, quietSince, site, sites, whoIs, type Scene } from './scene';
import { counted, factOf } from './words';

/** The event loop of a Node process is blocked, while others wait for its answer. */

/** ms that a child may wait for the blocked process before it is blamed: it may have a time limit of its own */
const patience = 5_000;

/** A process that is blocked until a child has ended, and a child of it that waits for an answer of this very process. */
function syncCalls(scene: Scene, situation: Situation): { wait: Wait; child: Subject }[] {
  return situation.subjects.flatMap((subject) => {
    const main = subject.threads.find((thread) => thread.main);
    const wait = main && situation.wakers.waits.get(main.node);
    if (!wait || wait.kind !== 'call') return [];
    return situation.subjects.filter(({ look }) => look.ppid === subject.member.pid).flatMap((child) => {
      const asks = awaitedFiles(child).some((file) => file.object.startsWith('socket:') && file.peer !== undefined && otherEnd(situation, child, file).includes(subject) && !isStdio(file.fd));
      const quiet = situation.t - quietSince(scene, [child.member]) >= patience;
      return asks && quiet && isCurrent(scene, child.member) && isCurrent(scene, subject.member) ? [{ wait, child }] : [];
    });
  });
}

/** The pipes to the parent are sockets, too. */
const isStdio = (fd: number): boolean => fd <= 2;

function ofCall(scene: Scene, wait: Wait, child: Subject): Draft {
  const { member } = wait.subject;
  const main = child.threads.find((thread) => thread.main);
  const asking = main && scene.situation?.wakers.waits.get(main.node);
  return {
    certainty: 'proved',
    members: [member.id, child.member.id],
    sites: sites(site(wait.site, 'waits'), (asking?.path ?? []).slice(0, 2).flatMap((line) => site(line, 'waits')), site(child.member.site, 'created')),
    evidence: [factOf(wait), `/proc: ${whoIs(child.member)}, the child that it waits for, waits for an answer of ${whoIs(member)} itself, on a socket`],
    advice: 'Use the asynchronous call (execFile, spawn), or give the child its data instead of an address to ask.',
    since: quietSince(scene, [child.member]),
    about: { title: `${whoIs(member)} is blocked in ${wait.call} until ${whoIs(child.member)} ends, and that waits for an answer of ${whoIs(member)}.` },
    explains: [wait.thread.node],
  };
}

/** The main thread is in Atomics.wait, and a worker thread needs its event loop. */
function ofAtomics(scene: Scene, blocked: Wait, workers: readonly Wait[], nodes: readonly string[]): Draft {
  const { member } = blocked.subject;
  const all = [blocked, ...workers];
  return {
    certainty: 'likely',
    members: [member.id],
    sites: sites(placesOf(scene, all), workers.flatMap((wait) => site(workerOf(wait)?.site, 'created'))),
    evidence: factsOf(all),
    advice: 'Give the worker all it needs before the main thread waits, or wait with Atomics.waitAsync, which keeps the event loop going.',
    since: quietSince(scene, [member]),
    about: { title: `The main thread of ${whoIs(member)} is blocked in Atomics.wait, and ${list(workers.map(loopName))} ${workers.length === 1 ? 'waits' : 'wait'} for what only its event loop can give.` },
    explains: nodes,
  };
}

export const blockedLoop: Rule = {
  name: 'blocked-loop',
  kind: 'hang',
  check: (scene) => [
    ...(scene.round ? syncCalls(scene, scene.round).map(({ wait, child }) => ofCall(scene, wait, child)) : []),
    ...scene.causes.flatMap((cause) => {
      const loops = loopsIn(cause);
      const main = loops?.atomics.find(({ thread }) => thread.main);
      return loops && main && loops.workers.length > 0 ? [ofAtomics(scene, main, loops.workers, [...cause.nodes])] : [];
    }),
  ],
  title: ({ about }) => String(about.title),
  summary: (count) => counted(count, 'event loop is', 'event loops are') + ' blocked while others wait for it',
};
