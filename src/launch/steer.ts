import { HumanError } from '../core/errors';
import type { ProcessRef } from '../core/events';
import type { Member } from '../core/members';
import type { EventFile } from '../observe/eventFile';
import { isHere, isSame, sendSignal, type SignalResult } from '../observe/identity';
import type { LaunchOptions } from './options';

/** Ends and signals members: by pid and start time, and every signal is a fact of the run's record. */

export interface Steering {
  /** where the actions are recorded */
  file: EventFile;
  /** replaced in tests */
  send?: (ref: ProcessRef, signal: NodeJS.Signals) => SignalResult;
  alive?: (ref: ProcessRef) => boolean;
}

/** Sends a signal to one member. `via` names the action of the person: "Terminate", "Stop", … */
export function signalMember(steering: Steering, member: Member, signal: NodeJS.Signals, via: string): SignalResult {
  if (!isHere(member.host)) return 'denied';
  const t = Date.now();
  const result = (steering.send ?? sendSignal)(member.id, signal);
  if (result === 'sent') steering.file.write({ e: 'signal', t, to: member.id, signal, by: 'procession', via });
  return result;
}

/** Says why a signal was not delivered, and what to do; undefined when it was, or when the member had ended anyway. */
export function refusal(member: Member, signal: string, result: SignalResult): HumanError | undefined {
  const who = `${member.name} (pid ${member.pid})`;
  if (!isHere(member.host)) return new HumanError(`${signal} was not sent: ${who} runs on ${member.host ?? 'another host'}. End it there, or end its launcher here.`);
  if (result === 'reused') return new HumanError(`${signal} was not sent: ${who} has ended and its pid now belongs to another process that is not part of this run.`);
  if (result === 'denied') return new HumanError(`${signal} was not sent: the operating system does not permit this user to signal ${who}. Act as the user who owns it.`);
  return undefined;
}

const usualSignals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGKILL'];

/** The signals that stop a run, in their order: those of its configuration, else interrupt, terminate, kill. */
export const stopSignalsOf = (configuration: LaunchOptions | undefined): NodeJS.Signals[] => (configuration?.stopSignals?.length ? configuration.stopSignals : usualSignals);

export interface StopPlan {
  /** in this order; the first goes to the root alone, so that it can end its children itself */
  signals: NodeJS.Signals[];
  /** ms that each signal has to work */
  timeout: number;
  /** the members as they are known now; called again and again, for a program may start children while it is stopped */
  members(): Member[];
  /** a promise that resolves after ms; resolves early when {@link escalate} is called */
  pause(ms: number): Promise<void>;
  /** true once the person has asked to stop at once: what is left gets the last signal */
  hurry?(): boolean;
}

const step = 50;
/** ms that the root is spared when everybody is killed, so that somebody is there to learn how its children ended */
const rootLast = 150;

/** Who gets the signal now: at first the root alone; when all are killed, the root last. */
function addressees(left: readonly Member[], killing: boolean, first: boolean, waited: number): readonly Member[] {
  const root = left.find((member) => member.role === 'root');
  if (!root || left.length === 1) return left;
  if (killing) return waited < rootLast ? left.filter((member) => member !== root) : left;
  return first ? [root] : left;
}

/**
 * Ends a run in stages and looks whether it worked. Resolves with the members that still live: none, unless the
 * operating system did not let us.
 */
export async function stopRun(steering: Steering, plan: StopPlan, via = 'Stop'): Promise<Member[]> {
  const alive = steering.alive ?? isSame;
  const living = (): Member[] => plan.members().filter((member) => member.endedAt === null && isHere(member.host) && alive(member.id));
  const last = plan.signals.at(-1) ?? 'SIGKILL';
  for (const [stage, planned] of plan.signals.entries()) {
    const told = new Set<ProcessRef>();
    for (let waited = 0; waited <= plan.timeout; waited += step) {
      const left = living();
      if (left.length === 0) return [];
      const hurried = plan.hurry?.() ?? false;
      const signal = hurried ? last : planned;
      for (const member of addressees(left, hurried || signal === last, stage === 0, waited)) {
        const key = `${member.id} ${signal}`;
        if (told.has(key)) continue;
        told.add(key);
        signalMember(steering, member, signal, via);
        // A stopped process does not see any signal but SIGKILL until it goes on.
        if (member.state === 'stopped' && signal !== 'SIGKILL') signalMember(steering, member, 'SIGCONT', via);
      }
      await plan.pause(step);
    }
  }
  return living();
}
