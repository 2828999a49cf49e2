import type { ChildProcess } from 'node:child_process';
import type { Member } from '../../core/members';
import { codeOf } from '../../core/errors';
import type { ProcessRef } from '../../core/events';
import { ancestorsOf, descentOf, type Family } from './linux/descent';
import { isHere, pidOf, presenceOf, whileThere } from './identity';
import { isHereAndNow, isOwnDirectory } from '../record/origin';
import { hasOwnProc } from './linux/ownProc';
import { readProc } from './linux/procFile';
import { readDescription } from '../record/runDirectory';

/**
 * The one place that sends signals to processes that are not this process's own children.
 *
 * A process that belongs to no run is never signalled. These are all the ways by which a number becomes an identity that
 * somebody may want to signal, attach to or sample, and what each of them is worth:
 *
 * | where the number comes from | what makes it an identity |
 * | --- | --- |
 * | a probe, of itself and of its children (`start`, `spawn`, `reap`, `signal`) | start time, and the namespace where it is not the launcher's; it makes a row in the tree, no more |
 * | the sampler's scan (`LinuxSampler.isOurs`) | a member's child, in a member's session or group, or marked |
 * | a probe's word to the sampler (`TreeSampler.adopt`) | the same: the word alone makes nobody a member |
 * | the launcher's child (`refOf` right after the spawn) | our own child has its pid until we reap it |
 * | a debugger that has started the root (`rootNamed`) | the mark of the run |
 * | `run.json` and the root in it, when an observer takes over | the directory is ours, and of this machine and boot (`origin.ts`) |
 * | the launcher of a run that a window gives up | {@link launcherOf} |
 * | a row in a window, `open DIR --terminate|--kill PID`, Stop, subtrees, orphans, the guard of a run | {@link targetsOf} |
 * | SIGURG and SIGUSR1, by which Python and Node let a debugger in or tell their stacks | {@link targetsOf} |
 * | a worker of a workload, and the group that it leads | our own child: {@link signalGroup}, and the guard's shell when the runner is gone |
 * | memory watch, leases, claims, sockets, archive | only read and compared by pid and start, nothing is sent |
 */

/** Why no signal was sent. */
export type Refusal =
  /** it has ended */
  | 'gone'
  /** its pid belongs to another process now */
  | 'reused'
  /** the operating system does not permit it */
  | 'denied'
  /** on another host, or known by the pid of an inner namespace alone */
  | 'elsewhere'
  /** the record is another user's, a copy, or of another machine, boot or container */
  | 'foreign'
  /** nothing shows that it belongs to the run */
  | 'stranger'
  /** pid 1, this process itself or an ancestor of it */
  | 'protected';

export type SignalResult = 'sent' | Refusal;

declare const verified: unique symbol;

/** A process that may be signalled now. Only {@link targetsOf} and {@link launcherOf} make one. */
export interface SignalTarget {
  readonly ref: ProcessRef;
  readonly [verified]: true;
}

export type Signallable = Pick<Member, 'id' | 'host' | 'confirmed'>;

/** Gives a function that says of a member of a run whether it may be signalled, or why not. To be asked anew each time: what holds now may not hold later. */
export function targetsOf(run: string): (member: Signallable) => SignalTarget | Refusal {
  const description = isOwnDirectory(run) ? readDescription(run) : undefined;
  const known = description?.origin ? isHereAndNow(run, description.origin) : undefined;
  const family: Family = { directory: run, root: known ? description?.root : undefined, observer: known ? (description?.observer ?? undefined) : undefined };
  let kin: Set<number> | undefined;
  return (member) => {
    if (!isHere(member)) return 'elsewhere';
    if (!description || known === false) return 'foreign';
    const pid = pidOf(member.id);
    if (!(pid > 0)) return 'denied';
    const presence = presenceOf(member.id);
    if (presence !== 'there') return presence;
    if ((kin ??= ancestorsOf(process.pid)).has(pid)) return 'protected';
    return belongs(pid, member, family, known === true) ? ({ ref: member.id } as SignalTarget) : 'stranger';
  };
}

/** `known`: the record is of here and now, so what its observer has seen counts. */
function belongs(pid: number, member: Signallable, family: Family, known: boolean): boolean {
  const seen = known && member.confirmed;
  if (!hasOwnProc()) return process.platform !== 'linux' && (seen || member.id === family.root);
  const descent = descentOf(pid, family);
  return descent === 'descends' || (descent === 'orphan' && seen);
}

/**
 * Says of the process that is to launch the program of a run whether it may be signalled. It is no member, nor marked: the record has to
 * be ours, of this machine and boot, and its command line has to name the run.
 */
export function launcherOf(run: string, ref: ProcessRef): SignalTarget | Refusal {
  const description = isOwnDirectory(run) ? readDescription(run) : undefined;
  if (!description || (description.origin && !isHereAndNow(run, description.origin))) return 'foreign';
  const pid = pidOf(ref);
  if (!(pid > 0)) return 'denied';
  const presence = presenceOf(ref);
  if (presence !== 'there') return presence;
  if (ancestorsOf(process.pid).has(pid)) return 'protected';
  const words = hasOwnProc() ? (readProc(`/proc/${pid}/cmdline`)?.toString().split('\0') ?? []) : undefined;
  return !words || words.includes(run) ? ({ ref } as SignalTarget) : 'stranger';
}

/** Sends a signal to the very process that was checked, or to nobody. */
export function sendSignal({ ref }: SignalTarget, signal: NodeJS.Signals | number): SignalResult {
  return whileThere(ref, () => kill(pidOf(ref), signal));
}

/** Gives a function that checks members of a run and sends them signals: see {@link targetsOf}. */
export function signaller(run: string): (member: Signallable, signal: NodeJS.Signals | number) => SignalResult {
  const targetOf = targetsOf(run);
  return (member, signal) => {
    const target = targetOf(member);
    return typeof target === 'string' ? target : sendSignal(target, signal);
  };
}

/** Checks a member of a run and sends it a signal. */
export const signalIn = (run: string, member: Signallable, signal: NodeJS.Signals | number): SignalResult => signaller(run)(member, signal);

/** Signals the process group that a child of this process was started as the leader of (`detached`). The group keeps its number from others as long as somebody is in it. */
export function signalGroup(leader: ChildProcess, signal: NodeJS.Signals | 0): 'sent' | 'gone' | 'denied' {
  const { pid } = leader;
  // kill(2) gives 0 and 1 in the place of a group another meaning.
  return pid === undefined || pid <= 1 ? 'denied' : kill(-pid, signal);
}

function kill(pid: number, signal: NodeJS.Signals | number): 'sent' | 'gone' | 'denied' {
  try {
    // eslint-disable-next-line no-restricted-syntax -- here and nowhere else
    process.kill(pid, signal);
    return 'sent';
  } catch (error) {
    return codeOf(error) === 'ESRCH' ? 'gone' : 'denied';
  }
}
