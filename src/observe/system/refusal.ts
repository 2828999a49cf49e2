import { HumanError } from '../../core/errors';
import type { Member } from '../../core/members';
import type { SignalResult } from './signals';

const reasons: Record<Exclude<SignalResult, 'sent' | 'gone'>, (who: string, member: Member) => string> = {
  reused: (who) => `${who} has ended and its pid now belongs to another process that is not part of this run.`,
  denied: (who) => `the operating system does not permit this user to signal ${who}. Act as the user who owns it.`,
  elsewhere: (who, { host, inner }) => inner
    ? `only the inner pid of ${who} is known, and it can't be reached from outside its pid namespace. End it there, or end its parent here.`
    : `${who} runs on ${host ?? 'another host'}. End it there, or end its launcher here.`,
  foreign: (who) => `this record of ${who} belongs to another user, or was made on another machine, in another container, before the last boot or as a copy. Processes can be ended by the record that their run writes.`,
  stranger: (who) => `nothing shows that ${who} belongs to this run: it was not started by its processes, as far as the operating system tells.`,
  protected: (who) => `${who} has started the process that would send it. Use another terminal or window.`,
};

/** Says why a signal was not delivered, and what to do; undefined when it was, or when the member had ended anyway. */
export function refusal(member: Member, signal: string, result: SignalResult): HumanError | undefined {
  if (result === 'sent' || result === 'gone') return undefined;
  return new HumanError(`${signal} was not sent: ${reasons[result](`${member.name} (pid ${member.pid})`, member)}`);
}
