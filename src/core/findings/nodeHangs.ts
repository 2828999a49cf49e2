import { awaitedFiles } from '../insight/links';
import type { Wait } from '../insight/waits';
import type { Draft, RuleName } from './finding';
import { awaitsEnd, childrenIn, factsOf, fallenOf, heardOf, loopName, loopsIn, placesOf, type Loops } from './nodeLoops';
import { list, membersIn, quietSince, sites, type Cause, type Scene } from './scene';

/** Which of the ways in which event loops wait for each other a cause is. Each is told by the rule of its name. */

interface Told {
  rule: RuleName;
  title: string;
  advice: string;
  waits: readonly Wait[];
  more?: Pick<Draft, 'sites' | 'evidence'>;
}

const they = (count: number, one: string, many: string): string => (count === 1 ? one : many);

/** The main thread waits in its loop, and the only ones that could wake it are in Atomics.wait. */
function atomics({ mains, atomics: waiting }: Loops): Told | undefined {
  if (waiting.length === 0) return undefined;
  const names = list(waiting.map(loopName));
  return waiting.length > 1
    ? { rule: 'deadlock', waits: [...waiting, ...mains], title: `${names} wait in Atomics.wait, each for another one: nobody is left who would notify them.`, advice: 'Take the locks in one fixed order everywhere, never twice in the same thread, and give each back also when an error is thrown.' }
    : { rule: 'nobody-sets', waits: [...waiting, ...mains], title: `${names} waits in Atomics.wait, and nobody is left who would notify it.`, advice: 'Notify also when the other side ends (a closed flag), or wait with a time limit.' };
}

function lost(scene: Scene, loops: Loops): Told | undefined {
  const fallen = fallenOf(scene, loops);
  if (fallen.length === 0) return undefined;
  return {
    rule: 'lost-task', waits: loops.mains,
    title: `${list(fallen.map(({ name, text }) => `${name} (${text})`))} ended while ${list(loops.mains.slice(0, 1).map(loopName))} still waits for an answer: what it was doing is lost.`,
    advice: 'When a worker exits, reject or repeat the task that it was running; give a task a time limit.',
    more: { sites: fallen.flatMap((one) => one.sites), evidence: fallen.map(({ name, text }) => `record: ${name} has ended: ${text}`) },
  };
}

/** A process that watches its stdin, into which nobody will write. */
function asking(loops: Loops): Told | undefined {
  const waits = loops.mains.filter(({ subject, thread }) => awaitedFiles(subject, (tid) => tid === thread.tid).some(({ fd, object }) => fd === 0 && /^(pipe|socket):/.test(object)));
  if (waits.length === 0) return undefined;
  return {
    rule: 'waits-for-stdin', waits: [...waits, ...loops.mains],
    title: `${list(waits.map(loopName))} ${they(waits.length, 'waits', 'wait')} for input on stdin, a pipe into which nobody writes.`,
    advice: 'Give it its input, close its stdin (stdio: \'ignore\' or child.stdin.end()), or pass an option that keeps it from asking.',
  };
}

function kept(scene: Scene, loops: Loops): Told | undefined {
  const idle = [...childrenIn(scene, loops), ...loops.workers].filter((wait) => awaitsEnd(heardOf(wait, loops.mains)));
  if (idle.length === 0) return undefined;
  return {
    rule: 'ipc-keeps-alive', waits: [...idle, ...loops.mains],
    title: `${list(idle.map(loopName))} ${they(idle.length, 'has', 'have')} nothing left to do, but ${they(idle.length, 'its', 'their')} open channel keeps ${they(idle.length, 'it', 'them')} alive, and the exit is waited for.`,
    advice: 'Close the channel when the work is done: child.disconnect() or process.disconnect(), port.close() or unref(), worker.terminate().',
  };
}

function starved(scene: Scene, loops: Loops): Told | undefined {
  const children = childrenIn(scene, loops);
  const busy = [...children, ...loops.workers].filter(({ subject, thread }) => (thread.main ? subject.answer?.waiting?.some(({ frames }) => frames.some(({ own }) => own)) : false));
  if (busy.length === 0 || busy.length < children.length) return undefined;
  return {
    rule: 'pool-starvation', waits: [...busy, ...loops.mains],
    title: `All ${busy.length} workers (${list(busy.map(loopName))}) are in the middle of a task that waits for an answer, and none is free to give it.`,
    advice: 'Give the tasks that others wait for a pool of their own, or let a worker take other tasks while it waits.',
  };
}

function unanswered(scene: Scene, loops: Loops): Told | undefined {
  const workers = [...childrenIn(scene, loops), ...loops.workers];
  const wasAsked = loops.mains.some(({ subject }) => subject.answer?.threads !== undefined);
  if (workers.length === 0 || !wasAsked) return undefined;
  return {
    rule: 'result-lost', waits: [...workers, ...loops.mains],
    title: `${list(workers.map(loopName))} ${they(workers.length, 'is', 'are')} idle, and an answer that is waited for will not come: it was never sent, or got lost (an error in the handler, or a value that can't be cloned).`,
    advice: 'Answer each message, also with an error: catch what the handler and postMessage or process.send may throw (a function or a class can\'t be cloned).',
  };
}

/** Where nobody was asked: what is known from outside. */
function idle(loops: Loops): Told {
  const all = [...loops.mains, ...loops.workers];
  return {
    rule: 'deadlock', waits: all,
    title: `${list(all.map(loopName))} wait for each other: all event loops are idle, no timer runs, and nobody else could wake them.`,
    advice: 'Look which message, exit or promise each of them waits for ("procession explain" asks them).',
  };
}

/** The draft of a cause of event loops, if it is of the kind that a rule tells. */
export function loopDrafts(scene: Scene, rule: RuleName): Draft[] {
  return scene.causes.flatMap((cause) => {
    const told = classify(scene, cause);
    return told?.rule === rule ? [draftOf(scene, cause, told)] : [];
  });
}

function classify(scene: Scene, cause: Cause): Told | undefined {
  const loops = loopsIn(cause);
  if (!loops || loops.mains.length + loops.workers.length + loops.atomics.length < 2 || (loops.atomics.some(({ thread }) => thread.main) && loops.workers.length > 0)) return undefined;
  return atomics(loops) ?? lost(scene, loops) ?? asking(loops) ?? kept(scene, loops) ?? starved(scene, loops) ?? unanswered(scene, loops) ?? idle(loops);
}

function draftOf(scene: Scene, cause: Cause, { title, advice, waits, more }: Told): Draft {
  const members = membersIn(waits);
  return {
    certainty: 'likely',
    members: members.map(({ id }) => id),
    sites: sites(more?.sites ?? [], placesOf(scene, waits)),
    evidence: [...more?.evidence ?? [], ...factsOf(waits)],
    advice,
    since: quietSince(scene, members),
    about: { title },
    explains: [...cause.nodes],
  };
}
