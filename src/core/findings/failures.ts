import type { Site } from '../events';
import type { Member } from '../members';
import { ownFrames } from './endings';
import type { FindingSite } from './finding';
import { namesOf, site, sites, whoIs, type Scene } from './scene';

/** What rules about failures have in common. */

/** An error that has ended a member, or one of its threads. */
export interface Failed {
  member: Member;
  type: string;
  message: string;
  traceback: string;
  /** the lines of the program in its traceback, innermost first */
  own: Site[];
  /** the thread that it ended; undefined: it has ended the member */
  thread: string | undefined;
  /** where what is at fault was written, if not on the stack */
  site: Site | undefined;
  t: number;
}

const known = new WeakMap<Scene, Failed[]>();

/** All errors of a run, in the order of their time. Many rules ask for them. */
export function errorsIn(scene: Scene): Failed[] {
  const found = known.get(scene) ?? collect(scene);
  known.set(scene, found);
  return found;
}

function collect({ members, insight, state, stoppedAt }: Scene): Failed[] {
  return members.flatMap((member): Failed[] => {
    const { error } = member;
    const own = error ? [{ member, ...error, own: ownFrames(error.traceback), thread: undefined, site: undefined, t: state.members.get(member.id)?.claims.error?.t ?? member.endedAt ?? 0 }] : [];
    const others = (insight.threadErrors.get(member.id) ?? []).map(({ type, message, traceback, thread, site: where, t }) => ({ member, type, message, traceback, thread, site: where, t, own: ownFrames(traceback) }));
    return [...own, ...others];
  }).filter(({ t }) => t < stoppedAt).sort((a, b) => a.t - b.t);
}

/** `ValueError: bad value`, in one line. */
export function errorText({ type, message }: Pick<Failed, 'type' | 'message'>): string {
  const line = message.trim().split('\n')[0] ?? '';
  return line === '' ? type : `${type}: ${line.length > 200 ? `${line.slice(0, 199)}…` : line}`;
}

/** The last class name of a type: `BrokenProcessPool` of `concurrent.futures.process.BrokenProcessPool`. */
export const shortType = (type: string): string => type.slice(type.lastIndexOf('.') + 1);

/** Places of an error: the lines where it failed, what is at fault, where the member was created and what it ran. */
export function placesOf({ own, site: where, member, thread }: Failed): FindingSite[] {
  const worker = thread === undefined ? undefined : member.threads.find(({ name }) => name === thread);
  const created = worker ? worker.site : member.site;
  return sites(own.slice(0, 4).flatMap((line) => site(line, 'failed')), site(where, 'target'), site(created, 'created'), thread === undefined ? site(member.target, 'target') : []);
}

/** Who failed, by name. */
export const whoFailed = ({ member, thread }: Failed): string => (thread === undefined ? whoIs(member) : `${member.runtime === 'node' ? 'worker thread' : 'thread'} "${thread}" of ${whoIs(member)}`);

/** The fact that an error was recorded. */
export const recorded = (failed: Failed): string => `record: ${whoFailed(failed)} ended with ${errorText(failed)}`;

/** The member with which the run began. */
export const rootOf = ({ members }: Scene): Member | undefined => members.find(({ role }) => role === 'root');

/** Whether the run itself has failed: its first process ended with another code than 0. */
export function runFailed(scene: Scene): boolean {
  const exit = rootOf(scene)?.exit;
  return exit !== undefined && exit !== null && exit.source !== 'unknown' && (exit.code !== 0 || exit.signal !== null);
}

/** ms: start times are known to a tick of 10 ms */
const sameTime = 20;

/** Whether another member has taken the place of one that has ended: the same parent started the same again. */
function wasReplaced({ members }: Scene, gone: Member): boolean {
  const same = (other: Member): boolean => other.parent === gone.parent && other.startedAt >= (gone.endedAt ?? Infinity) - sameTime
    && (gone.target ? other.target?.function === gone.target.function && other.target.file === gone.target.file : other.argv.join(' ') === gone.argv.join(' '));
  return members.some((other) => other !== gone && same(other) && (other.exit?.code === 0 || other.endedAt === null));
}

/**
 * Whether a parent has dealt with a child that failed: it looked at the exit code, or started another child in its place. If the run
 * failed all the same, it has not.
 */
export function wasHandled(scene: Scene, member: Member): boolean {
  if (member.role === 'root' || runFailed(scene)) return false;
  const looked = namesOf(member).some((name) => scene.insight.read.has(`${member.parent ?? ''} ${name}`));
  return looked || wasReplaced(scene, member);
}

/** Children that the program runs for their exit status, as any command: a failure of theirs is theirs to tell, and often expected. */
export const isCommand = ({ role, startMethod }: Member): boolean => role !== 'root' && /^(subprocess|os\.|posix_spawn|child_process\.(spawn|exec|execFile)(Sync)?$|unknown)/.test(startMethod);

/** Whether a failure of a member is worth telling: nobody has dealt with it. */
export const isOpen = (scene: Scene, member: Member): boolean => (member.endedAt ?? 0) < scene.stoppedAt && !wasHandled(scene, member) && !(isCommand(member) && !runFailed(scene)) && !mayBeHandled(scene, member, patience);

/** ms that a parent has to deal with a child that failed */
const patience = 3_000;

/** Whether a parent that lives may yet deal with a child that failed, for so many ms after its end. */
export function mayBeHandled({ byId, now }: Scene, { parent, endedAt }: Member, ms: number): boolean {
  return byId.get(parent ?? '')?.endedAt === null && now - (endedAt ?? now) < ms;
}

/** What a finding claims that explains the ends of members by another one: their errors need no findings of their own. */
export const endsOf = (scene: Scene, members: readonly Member[]): string[] =>
  [...members.map(({ id }) => `end of ${id}`), ...errorsIn(scene).filter(({ member }) => members.includes(member)).map(claimOf)];

/** The name under which a rule claims an error. */
export const claimOf = ({ member, thread, t }: Failed): string => `error of ${member.id} ${thread ?? ''} ${t}`;
