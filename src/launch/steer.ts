import type { ProcessRef } from '../core/events';
import type { Member } from '../core/members';
import type { EventFile } from '../observe/record/eventFile';
import { isHere, isSame } from '../observe/system/identity';
import { refusal } from '../observe/system/refusal';
import { signaller, type SignalResult } from '../observe/system/signals';
import type { LaunchOptions } from './options';

/** Ends and signals members of a run, and nobody else (see `observe/system/signals.ts`); every signal is a fact of the run's record. */

export interface Steering {
  /** where the actions are recorded */
  file: EventFile;
  /** replaced in tests */
  send?: (member: Member, signal: NodeJS.Signals) => SignalResult;
  alive?: (ref: ProcessRef) => boolean;
}

/** Sends a signal to one member. `via` names the action of the person: "Terminate", "Stop", … */
export function signalMember(steering: Steering, member: Member, signal: NodeJS.Signals, via: string): SignalResult {
  const t = Date.now();
  const result = (steering.send ?? signaller(steering.file.run))(member, signal);
  if (result === 'sent') steering.file.write({ e: 'signal', t, to: member.id, signal, by: 'procession', via });
  return result;
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
/** Who so often was not shown to belong to the run is no member: one that has just begun may not have been seen yet. */
const mostDoubts = 10;
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
 * operating system did not let us, or one of them has started this process. Whoever only seems to be a member is no concern of it.
 * Throws {@link HumanError} when the record is none by which processes may be ended.
 */
export async function stopRun(steering: Steering, plan: StopPlan, via = 'Stop'): Promise<Member[]> {
  const alive = steering.alive ?? isSame;
  const doubts = new Map<ProcessRef, number>();
  const isStranger = ({ id }: Member): boolean => (doubts.get(id) ?? 0) >= mostDoubts;
  const living = (): Member[] => plan.members().filter((member) => member.endedAt === null && isHere(member) && !isStranger(member) && alive(member.id));
  const last = plan.signals.at(-1) ?? 'SIGKILL';
  for (const [stage, planned] of plan.signals.entries()) {
    const told = new Set<ProcessRef>();
    for (let waited = 0; waited <= plan.timeout; waited += step) {
      const left = living();
      if (left.length === 0) return [];
      const hurried = plan.hurry?.() ?? false;
      const signal = hurried ? last : planned;
      const due = addressees(left, hurried || signal === last, stage === 0, waited).filter((member) => !told.has(`${member.id} ${signal}`));
      // What is checked of the record and of this process holds for all of one pass.
      const pass = due.length ? { ...steering, send: steering.send ?? signaller(steering.file.run) } : steering;
      for (const member of due) {
        const result = signalMember(pass, member, signal, via);
        if (result === 'foreign') throw refusal(member, signal, result) ?? new Error(result);
        if (result === 'stranger') doubts.set(member.id, (doubts.get(member.id) ?? 0) + 1);
        else told.add(`${member.id} ${signal}`);
        // A stopped process does not see any signal but SIGKILL until it goes on.
        if (member.state === 'stopped' && signal !== 'SIGKILL') signalMember(pass, member, 'SIGCONT', via);
      }
      await plan.pause(step);
    }
  }
  return living();
}
