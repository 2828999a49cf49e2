import type { ObjectFact } from '../insight/facts';
import type { Wait } from '../insight/waits';
import type { Member, WorkerThread } from '../members';
import { baseName } from '../paths';
import type { FindingSite } from './finding';
import { byPid, livedUntil, lineOf, site, sites, submittedTo, threadName, whoIs, type Cause, type Scene } from './scene';
import { factOf } from './words';

/**
 * What rules about the event loops of Node have in common. What a promise waits for nobody outside knows: that all loops are idle, that
 * no timer runs and that nobody but each other could wake them is known, so such findings are likely, not proved.
 */

/** The event loops of a cause, where it has nothing else: main threads and worker threads of Node. */
export interface Loops {
  mains: Wait[];
  /** worker threads in their event loops */
  workers: Wait[];
  /** threads in Atomics.wait */
  atomics: Wait[];
}

/** The loops of a cause; undefined when somebody in it is blocked in a call, which explains more. */
export function loopsIn(cause: Cause): Loops | undefined {
  const waits = cause.blocked;
  if (waits.length === 0 || !waits.every(({ kind, subject }) => subject.member.runtime === 'node' && (kind === 'loop' || kind === 'atomics'))) return undefined;
  const loops = waits.filter(({ kind }) => kind === 'loop');
  return { mains: loops.filter(({ thread }) => thread.main), workers: loops.filter(({ thread }) => !thread.main), atomics: waits.filter(({ kind }) => kind === 'atomics') };
}

/** The worker thread that a thread of the system is. One that has ended with its process ran until then. */
export const workerOf = ({ thread, subject }: Wait): WorkerThread | undefined => subject.member.threads.find(({ tid, ended }) => tid === thread.tid && ended === null);

/** A worker thread by its name and its file. */
export const workerName = ({ name, file, id }: WorkerThread): string => `${name === `worker thread ${id}` ? name : `worker thread "${name}"`}${file === null ? '' : ` (${baseName(file)})`}`;

/** A thread by the name that the program gave it. */
export function loopName(wait: Wait): string {
  const worker = workerOf(wait);
  return wait.thread.main ? whoIs(wait.subject.member) : `${worker ? workerName(worker) : threadName(wait.thread)} of ${whoIs(wait.subject.member)}`;
}

/** The children of a process that talk with it: forked, or workers of a cluster. */
export const isForked = ({ startMethod }: Member): boolean => startMethod === 'child_process.fork' || startMethod === 'cluster';

/** Forked children of the loops of a cause that live and wait, too. */
export function childrenIn(scene: Scene, { mains }: Loops): Wait[] {
  return mains.filter(({ subject: { member } }) => isForked(member) && mains.some((other) => other.subject.member.id === member.parent && byPid(scene, other.subject.member.pid)));
}

/** What a parent that was asked hears of a child: `exit 1`, `message 1`. */
export function heardOf(wait: Wait, from: readonly Wait[]): ObjectFact | undefined {
  const objects = from.flatMap(({ subject }) => [...subject.objects.values()]);
  if (wait.thread.main) return objects.find(({ type, pid }) => type === 'ChildProcess' && pid === wait.subject.member.pid);
  const worker = workerOf(wait);
  return objects.find(({ type, name }) => type === 'Worker' && name === worker?.name);
}

/** Whether a parent listens for the end of a child. */
export const awaitsEnd = (fact: ObjectFact | undefined): boolean => fact?.heard?.some((event) => /^(exit|close) /.test(event)) ?? false;

/** The async functions of the program that are suspended, in members that were asked. */
export function suspended(waits: readonly Wait[]): FindingSite[] {
  const subjects = new Set(waits.map(({ subject }) => subject));
  return [...subjects].flatMap(({ answer }) => (answer?.waiting ?? []).flatMap(({ frames }) => frames.filter(({ own }) => own).flatMap((frame) => site({ file: frame.file, line: frame.line, function: frame.function }, 'waits'))));
}

/** Where the threads and children of some loops wait and were created. */
export function placesOf(scene: Scene, waits: readonly Wait[]): FindingSite[] {
  const submitted = waits.flatMap((wait) => {
    const worker = workerOf(wait);
    return site(worker ? scene.insight.submitted.get(`${wait.subject.member.id} ${worker.id}`)?.site : submittedTo(scene, wait.subject.member), 'submitted');
  });
  return sites(
    submitted,
    waits.flatMap((wait) => wait.path.slice(0, 3).flatMap((line) => site(line, 'waits'))), suspended(waits),
    waits.flatMap((wait) => site(workerOf(wait)?.site, 'created')), waits.flatMap(({ subject, thread }) => (thread.main ? site(subject.member.site, 'created') : [])),
  );
}

/** Facts about the loops: each waits, without a timer, and where its functions are suspended. */
export function factsOf(waits: readonly Wait[]): string[] {
  const subjects = [...new Set(waits.map(({ subject }) => subject))];
  return [
    ...waits.slice(0, 8).map((wait) => `${factOf(wait)}${wait.kind === 'loop' ? ', and no timer runs in it' : ''}`),
    ...subjects.flatMap(({ member, answer }) => (answer?.waiting ?? []).slice(0, 6).flatMap(({ name, frames }) => frames.filter(({ own }) => own).map((frame) => `inspector: in ${whoIs(member)} ${name === '<module>' ? 'the module' : name} is suspended at ${lineOf(frame)}`))),
    '/proc: nobody but these could wake them',
  ];
}

/** A forked child or a worker thread that has ended otherwise than by coming to its end. */
export interface Fallen {
  member: Member;
  thread: WorkerThread | undefined;
  name: string;
  text: string;
  sites: FindingSite[];
}

/** Those that the loops of a cause have lost. */
export function fallenOf(scene: Scene, { mains }: Loops): Fallen[] {
  const t = scene.situation?.t ?? scene.now;
  const parents = mains.map(({ subject }) => subject.member);
  const children = scene.members.filter((member) => isForked(member) && parents.some(({ id }) => id === member.parent) && livedUntil(member, t)).flatMap((member): Fallen[] => {
    const exit = scene.state.members.get(member.id)?.claims.exit?.value;
    const left = exit?.via === 'process.exit';
    if (member.exit?.code === 0 && !left) return [];
    const killer = member.endedBy?.site;
    return [{
      member, thread: undefined, name: whoIs(member), text: member.exit?.signal ?? `exit ${member.exit?.code ?? '?'}${left ? ' by process.exit()' : ''}`,
      sites: sites(site(killer, 'failed'), left ? site(exit.site, 'failed') : [], site(submittedTo(scene, member), 'submitted'), site(member.site, 'created')),
    }];
  });
  const threads = parents.flatMap((member) => member.threads.filter(({ state, endedAt, ended, code, exitSite }) => state === 'exited' && (endedAt ?? 0) <= t && (ended === 'abruptly' || code !== 0 || exitSite !== null))
    .map((thread): Fallen => ({
      member, thread, name: workerName(thread), text: thread.exitSite ? `exit ${thread.code ?? '?'} by process.exit()` : thread.ended === 'terminated' ? 'terminate()' : `exit ${thread.code ?? '?'}`,
      sites: sites(site(thread.exitSite, 'failed'), site(scene.insight.submitted.get(`${member.id} ${thread.id}`)?.site, 'submitted'), site(thread.site, 'created')),
    })));
  return [...children, ...threads];
}
