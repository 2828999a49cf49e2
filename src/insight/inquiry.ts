import { messageOf } from '../core/errors';
import type { ProcessRef } from '../core/events';
import type { Answer, Look, ThreadLook } from '../core/insight/facts';
import type { Round } from '../core/insight/projection';
import { livingAt, situationOf, stuckThreads, type Situation } from '../core/insight/situation';
import type { Subject } from '../core/insight/threads';
import type { Member } from '../core/members';
import type { UnsignedEvent } from '../observe/eventFile';
import { isHere, isSame } from '../observe/identity';
import { askProbe } from './ask';
import { lookAt } from './linux/outside';

/** What an inquiry needs of whoever observes the run. */
export interface InquiryHost {
  /** the run directory */
  run: string;
  /** the process that asks */
  id: ProcessRef;
  members(): readonly Member[];
  /** writes an event into the record, and folds it */
  tell(event: UnsignedEvent): void;
}

/** Time between two looks, in ms: a thread that did not get a core in between was blocked all the time. */
const between = 600;
/** ms that a member has to answer */
const patience = 1_500;

/** Why somebody asks: nothing has happened for a while, or a person wants to know. */
export type Reason = 'quiet' | 'asked';

type Looks = Map<ProcessRef, Look>;

/** Looks at all living members from outside. */
async function look(members: readonly Member[]): Promise<Looks> {
  const here = members.filter(({ host }) => isHere(host));
  const interpreters = [...new Set(here.flatMap(({ runtime, exe }) => (runtime === 'python' && exe !== null ? [exe] : [])))];
  const found = await lookAt(here.map(({ pid }) => pid), interpreters);
  // A pid that was given to another process in the meantime tells nothing of the member.
  return new Map(here.flatMap((member) => {
    const seen = found.get(member.pid);
    return seen && isSame(member.id) ? [[member.id, seen] as const] : [];
  }));
}

function roundOf(round: number, child: ProcessRef, looks: Looks, answers: ReadonlyMap<ProcessRef, Answer> = new Map()): Round {
  const base = { t: round, id: child, round } as const;
  return {
    round,
    looks: new Map([...looks].map(([id, view]) => [id, { ...base, e: 'look', child: id, view }])),
    answers: new Map([...answers].map(([id, view]) => [id, { ...base, e: 'answer', child: id, view }])),
    done: undefined,
  };
}

/** A thread of a look, by member and thread id. */
const threadsOf = (looks: Looks): Map<string, ThreadLook> => new Map([...looks].flatMap(([id, { threads }]) => threads.map((thread) => [`${id}/${thread.tid}`, thread] as const)));

/** What a thread waits for, without how often it has run. */
const waitOf = ({ ran: _, since: __, ...wait }: ThreadLook): string => JSON.stringify(wait);

/** Notes in `last` which threads have been blocked in the same wait since the first look at `t`. Who was asked has run in the meantime, to answer. */
function noteBlocked(t: number, first: Looks, second: Looks, last: Looks, asked: (id: ProcessRef) => boolean): void {
  const [before, between_] = [threadsOf(first), threadsOf(second)];
  for (const [id, { threads }] of last) {
    for (const thread of threads) {
      const [one, two] = [before.get(`${id}/${thread.tid}`), between_.get(`${id}/${thread.tid}`)];
      const blocked = one && two && one.ran === two.ran && one.ran >= 0 && (two.ran === thread.ran || asked(id));
      if (blocked && waitOf(one) === waitOf(thread) && waitOf(two) === waitOf(thread)) thread.since = t;
    }
  }
}

/**
 * A signal cuts short what a library in C waits for, if it does not try again. So nobody is asked whose main thread waits with a time
 * limit or for somebody outside, but only who waits for something of the run. A manager's main thread waits in Python.
 */
function mayAsk({ member, look: seen, threads }: Subject, situation: Situation): boolean {
  const main = threads.find((thread) => thread.main);
  if (!main || !seen.catches.includes('SIGURG')) return false;
  if (member.role === 'helper') return /^(fork|spawn|forkserver)$/.test(member.startMethod);
  return main.look.on === 'futex' || main.look.on === 'child' || !situation.fate.isAlive(main.node);
}

/** Asks the probes of some members, one after the other. */
async function ask(host: InquiryHost, subjects: readonly Subject[], answers: Map<ProcessRef, Answer>): Promise<void> {
  for (const { member } of subjects) {
    try {
      answers.set(member.id, await askProbe<Answer>(host.run, member, ['inquire'], patience));
    } catch (error) {
      answers.set(member.id, { silent: messageOf(error) });
    }
  }
}

/** Asks all who may be asked; what they answer may show that others can't go on either, who are asked then. */
async function askAll(host: InquiryHost, members: readonly Member[], looks: Looks): Promise<Map<ProcessRef, Answer>> {
  const answers = new Map<ProcessRef, Answer>();
  for (;;) {
    const situation = situationOf(members, roundOf(Date.now(), host.id, looks, answers), { trusting: true });
    const next = situation?.subjects.filter((subject) => !answers.has(subject.member.id) && mayAsk(subject, situation)) ?? [];
    if (next.length === 0) return answers;
    await ask(host, next, answers);
  }
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Whether somebody can't go on, or the main threads of all members wait without a limit: then there may be more to it than is seen from outside. */
function isSuspicious(situation: Situation): boolean {
  const mains = situation.subjects.filter(({ member }) => member.role !== 'helper').flatMap(({ threads }) => threads.filter(({ main }) => main));
  return stuckThreads(situation).length > 0 || mains.every(({ look: { on } }) => ['futex', 'files', 'child', 'lock', 'stopped', 'ended'].includes(on));
}

/**
 * Finds out who waits for whom. First from outside: where everybody goes on, that is all, and nothing is written. Else twice, and
 * then the probes of those who wait are asked. Everything that was learned is written into the record as events. Resolves to
 * whether something was.
 */
export async function inquire(host: InquiryHost, reason: Reason): Promise<boolean> {
  const members = livingAt(host.members(), Date.now()).filter(({ host: at }) => isHere(at));
  const t = Date.now();
  const first = await look(members);
  const situation = situationOf(members, roundOf(t, host.id, first), { trusting: true });
  if (!situation || (reason === 'quiet' && !isSuspicious(situation))) return false;
  await pause(between);
  const second = await look(members);
  const answers = await askAll(host, members, second);
  const round = Date.now();
  const last = await look(members);
  noteBlocked(t, first, second, last, (id) => answers.has(id));
  for (const [child, view] of last) host.tell({ e: 'look', t: round, child, round, view });
  for (const [child, view] of answers) host.tell({ e: 'answer', t: round, child, round, view });
  host.tell({ e: 'inquiry', t: Date.now(), round, reason });
  return true;
}
