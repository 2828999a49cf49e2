import { messageOf } from '../core/errors';
import type { ProcessRef } from '../core/events';
import type { Answer, Look, ThreadLook } from '../core/insight/facts';
import { inheritedOutputs } from '../core/insight/links';
import type { Round } from '../core/insight/projection';
import { livingAt, situationOf, stuckThreads, type Situation } from '../core/insight/situation';
import type { Subject } from '../core/insight/threads';
import type { Member } from '../core/members';
import { isHere, isSame } from '../observe/system/identity';
import type { InquiryHost } from './host';
import { askProbe } from './probeRequest';
import { lookAt } from './linux/outside';
import { strangersWith } from './linux/strangers';
import { askNode } from './nodeAnswer';

/** Time between two looks, in ms: a thread that did not get a core in between was blocked all the time. */
const between = 600;
/** ms that a member has to answer */
const patience = 1_500;
/** So many inspectors are opened at a time. */
const mostInspected = 16;

/** Why somebody asks: nothing has happened for a while, or a person wants to know. */
export type Reason = 'quiet' | 'asked';

type Looks = Map<ProcessRef, Look>;

/** Looks at all living members from outside. */
async function look(members: readonly Member[]): Promise<Looks> {
  const here = members.filter(isHere);
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

/** What a thread waits for, whatever it has run before. */
const waitOf = (thread: ThreadLook): string => JSON.stringify({ ...thread, ran: 0, since: 0 });

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
  // In another pid namespace its answer would name pids and threads as they are called there.
  if (!main || !seen.catches.includes('SIGURG') || member.inner) return false;
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
async function askAll(host: InquiryHost, looks: Looks): Promise<Map<ProcessRef, Answer>> {
  const answers = new Map<ProcessRef, Answer>();
  for (;;) {
    const situation = situationOf(host.members(), roundOf(Date.now(), host.id, looks, answers), host.state.insight, { trusting: true });
    const next = situation?.subjects.filter((subject) => !answers.has(subject.member.id) && mayAsk(subject, situation)) ?? [];
    if (next.length === 0) return answers;
    await ask(host, next, answers);
  }
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** ms after which a member that was told to end, and is still there, is looked at */
const termPatience = 8_000;

/** What may keep members waiting that could go on for all that is seen from outside. */
function isSuspicious({ state }: InquiryHost, situation: Situation): boolean {
  const users = situation.subjects.filter(({ member }) => member.role !== 'helper');
  const mains = users.flatMap(({ threads }) => threads.filter(({ main }) => main));
  return stuckThreads(situation).length > 0
    || mains.every(({ look: { on } }) => ['futex', 'files', 'child', 'lock', 'stopped', 'ended'].includes(on))
    || users.some(({ call }) => call !== undefined)
    || inheritedOutputs(situation).length > 0
    || users.some(({ member }) => state.members.get(member.id)?.signals.some(({ signal, t }) => signal === 'SIGTERM' && situation.t - t > termPatience));
}

/** Whether the inspector of a Node process may be opened: it runs script, and has the handler of Node's own for it. */
function mayInspect({ member, look: seen, call }: Subject): boolean {
  return member.runtime === 'node' && !member.inner && member.role !== 'helper' && call === undefined && seen.catches.includes('SIGUSR1') && !member.marks.includes('outside')
    && !seen.threads.some(({ on }) => on === 'stopped');
}

/** Asks the Node members by their inspectors. */
async function inspect(host: InquiryHost, subjects: readonly Subject[]): Promise<Map<ProcessRef, Answer>> {
  const asked = subjects.filter(mayInspect).slice(0, mostInspected);
  const answers = await Promise.all(asked.map(async ({ member }): Promise<[ProcessRef, Answer]> => [member.id, await askNode(host.run, member).catch((error: unknown) => ({ silent: messageOf(error) }))]));
  return new Map(answers);
}

/**
 * Finds out who waits for whom. First from outside: where everybody goes on, that is all, and nothing is written. Else twice, and
 * then the probes of those who wait are asked, and, if `thorough`, the inspectors of Node. Everything that was learned is written
 * into the record as events. Resolves to whether something was.
 */
export async function inquire(host: InquiryHost, reason: Reason, { thorough = false } = {}): Promise<boolean> {
  const members = livingAt(host.members(), Date.now()).filter(isHere);
  const t = Date.now();
  const first = await look(members);
  const situation = situationOf(host.members(), roundOf(t, host.id, first), host.state.insight, { trusting: true });
  if (!situation || (reason === 'quiet' && !isSuspicious(host, situation))) return false;
  await pause(between);
  const second = await look(members);
  const answers = await askAll(host, second);
  const round = Date.now();
  const last = await look(members);
  noteBlocked(t, first, second, last, (id) => answers.has(id));
  for (const [child, view] of last) host.tell({ e: 'look', t: round, child, round, view: { ...view, heard: host.state.insight.heard.get(child) ?? 0 } });
  // An inspector is a thread with a server of its own: everybody is looked at before.
  if (thorough) for (const [id, answer] of await inspect(host, situation.subjects)) answers.set(id, answer);
  for (const [child, view] of answers) host.tell({ e: 'answer', t: round, child, round, view });
  const strangers = await strangersWith(new Map(host.members().flatMap(({ id, pid }) => { const view = last.get(id); return view ? [[pid, view] as const] : []; })));
  host.tell({ e: 'inquiry', t: Date.now(), round, reason, ...(strangers.length > 0 ? { strangers } : {}) });
  return true;
}
