import type { ProcessRef, SignalEvent } from '../events';
import { signalMeaning, signalNumber } from '../exits';
import type { EndedBy, Member, Outcome } from '../member';
import { errorSummary } from '../summary';
import type { Ended } from './derived';
import { tolerance } from './incarnations';
import { brokenPools, isPoolsOwn, wentPastPool } from './pools';
import { senderOf } from './senders';

/**
 * What to think of a member's end. It is decided here and nowhere else, from evidence: who sent the signal and by which
 * call, whose process that is to the sender, what was asked of it before, and in which order processes died.
 */

/** Signals by which somebody asks a process to end, or makes it. Any other tells of a fault, whoever sends it. */
const closing = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGKILL']);
/** Those that a process may obey by an exit code of its own. SIGHUP and SIGUSR1 often ask for something else. */
const wishes = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT']);
/** Those by which a terminal ends what runs in it. */
const fromKeyboard = new Set(['SIGINT', 'SIGHUP', 'SIGQUIT']);
/** In this time after a wish, an exit code is an answer to it. In ms. */
const patience = 10_000;
/** A process that passes on how its child ended does so in this time, in ms. */
const passingOn = 2_000;

const ok: Outcome = { verdict: 'ok', reason: 'ended by itself' };
const ended = (reason: string): Outcome => ({ verdict: 'ended', reason });
const failed = (reason: string): Outcome => ({ verdict: 'failed', reason });
const unknown = (reason: string): Outcome => ({ verdict: 'unknown', reason });

/**
 * How much later than the end a signal may be told and still have come before it, in ms: a sender tells when it has sent.
 * A pool also sends to workers that it does not yet know to have died.
 */
const toldAfter = (member: Member, signal: SignalEvent): number => (isPoolsOwn(member, senderOf(signal)) ? 0 : tolerance);

/** What a signal does to a process, as a participle: "killed", "interrupted". */
const verb = (signal: string): string => (closing.has(signal) && signalMeaning(signal)) || 'ended';

/** Looks at ends one by one; knows the members that they concern. */
class Judge {
  /** `members` by id; `children`: those of a member that somebody has ended, with what to think of it */
  constructor(
    private readonly members: ReadonlyMap<ProcessRef, Member>, private readonly platform: string | undefined,
    private readonly children: ReadonlyMap<ProcessRef, readonly { member: Member; outcome: Outcome }[]>,
  ) {}

  judge(one: Ended): Outcome {
    const { exit } = one.member;
    if (!exit || exit.source === 'unknown') return unknown(exit?.reason ?? 'exit code unknown');
    if (exit.signal !== null) return this.#bySignal(one, exit.signal);
    return exit.code === 0 ? ok : this.#byCode(one, exit.code ?? 1);
  }

  #bySignal(one: Ended, signal: string): Outcome {
    const by = one.endedBy;
    if (by?.by === 'kernel') return failed(`out of memory (${by.via ?? ''})`);
    if (by?.by === 'outside') return ended(`${verb(signal)} from outside the run`);
    return by && by.by !== 'unknown' ? this.#bySender(one, by) : ofUnknownSender(signal);
  }

  #bySender(one: Ended, by: EndedBy): Outcome {
    const { member } = one;
    if (by.by === 'procession') return ended(`${verb(by.signal)} by Procession`);
    if (!closing.has(by.signal)) return failed(signalMeaning(by.signal) || `ended by ${this.#nameOf(member, by)}`);
    if (by.member === member.id) return this.#byItself(one, by.signal);
    if (isPoolsOwn(member, by)) return ended('ended by its pool');
    const what = `${verb(by.signal)} by ${this.#nameOf(member, by)}`;
    return this.#isAncestor(member, by.member) && !wentPastPool(member, by) ? ended(what) : failed(what);
  }

  /** A process that was asked to end cleans up, and then sends itself the same signal; one that stands for its child ends as that did. */
  #byItself(one: Ended, signal: string): Outcome {
    const wish = one.sent.findLast((sent) => sent.signal === signal && sent.id !== one.member.id);
    if (wish) return this.#bySender(one, senderOf(wish));
    const child = this.#childBefore(one.member, ({ exit }) => exit?.signal === signal);
    if (child) return child;
    // Ctrl+C is seen by nobody: a program that passes it on to itself has obeyed it.
    const what = `${verb(signal)} by itself`;
    return fromKeyboard.has(signal) ? ended(what) : failed(what);
  }

  #byCode(one: Ended, code: number): Outcome {
    const { member: { error, endedAt }, sent } = one;
    if (error?.type === 'KeyboardInterrupt') return ended('interrupted');
    const asStatus = (signal: string): boolean => code === 128 + (signalNumber(signal, this.platform) ?? 0);
    const isFresh = (t: number): boolean => endedAt !== null && endedAt - t <= patience;
    const obeys = ({ signal, t }: SignalEvent): boolean => (closing.has(signal) && asStatus(signal)) || (wishes.has(signal) && !error && isFresh(t));
    const wish = sent.findLast((signal) => signal.t <= (endedAt ?? 0) + toldAfter(one.member, signal) && obeys(signal));
    const obeyed = wish && this.#bySender(one, senderOf(wish));
    if (obeyed?.verdict === 'ended') return obeyed;
    if (error) return failed(errorSummary(error));
    if (asStatus('SIGINT')) return ended('interrupted');
    const child = this.#childBefore(one.member, ({ exit }) => exit?.code === code || (exit?.signal != null && asStatus(exit.signal)));
    return child ?? failed(`exit code ${code}`);
  }

  /**
   * A shell, or a program that stands for another, passes on how its child was ended: it exits with 128 + n for signal n, or
   * sends itself the same signal. `isSame`: whether a child ended so.
   */
  #childBefore(member: Member, isSame: (child: Member) => boolean): Outcome | undefined {
    const isJustBefore = (child: Member): boolean => Math.abs((member.endedAt ?? 0) - (child.endedAt ?? 0)) <= passingOn;
    const child = this.children.get(member.id)?.find((one) => isJustBefore(one.member) && isSame(one.member));
    return child && (/^its child /.test(child.outcome.reason) ? child.outcome : ended(`its child was ${child.outcome.reason}`));
  }

  #nameOf(member: Member, { member: sender = '' }: EndedBy): string {
    if (sender === member.parent) return 'its parent';
    const name = this.members.get(sender)?.name;
    return name === undefined ? `pid ${parseInt(sender, 10)}` : `${name} (pid ${parseInt(sender, 10)})`;
  }

  #isAncestor(member: Member, sender: ProcessRef | undefined): boolean {
    const passed = new Set<ProcessRef>();
    for (let at = member.parent; at !== null && !passed.has(at); at = this.members.get(at)?.parent ?? null) {
      if (at === sender) return true;
      passed.add(at);
    }
    return false;
  }
}

function ofUnknownSender(signal: string): Outcome {
  if (fromKeyboard.has(signal)) return ended(signalMeaning(signal));
  // The kernel sends it to who writes what nobody reads any more: to all but the last of `yes | head`.
  if (signal === 'SIGPIPE') return ended(signalMeaning(signal));
  if (signal === 'SIGKILL') return failed('killed, sender unknown');
  return closing.has(signal) ? unknown(`${verb(signal)}, sender unknown`) : failed(signalMeaning(signal) || 'ended by a signal');
}

/** What to think of every end of a run. `members`: all members by id; `platform`: as the run tells it. */
export function outcomesOf(all: readonly Ended[], members: ReadonlyMap<ProcessRef, Member>, platform?: string): Map<ProcessRef, Outcome> {
  const outcomes = new Map<ProcessRef, Outcome>();
  const children = new Map<ProcessRef, { member: Member; outcome: Outcome }[]>();
  const judge = new Judge(members, platform, children);
  // A child starts after its parent, and is judged before it.
  for (const one of [...all].sort((a, b) => b.member.startedAt - a.member.startedAt || (a.member.id < b.member.id ? -1 : 1))) {
    const { member } = one;
    const outcome = judge.judge(one);
    outcomes.set(member.id, outcome);
    if (member.parent === null || outcome.verdict !== 'ended') continue;
    const siblings = children.get(member.parent);
    if (siblings) siblings.push({ member, outcome });
    else children.set(member.parent, [{ member, outcome }]);
  }
  const { first, others } = brokenPools(all, outcomes);
  for (const id of first) outcomes.set(id, failed(firstOf(outcomes.get(id))));
  for (const id of others) outcomes.set(id, ended('ended because the pool broke'));
  return outcomes;
}

/** The first that died in a pool: by what, and what came of it. */
const firstOf = (outcome: Outcome | undefined): string => (outcome && outcome.verdict !== 'ok' ? `${outcome.reason}; its pool broke` : 'its pool broke');
