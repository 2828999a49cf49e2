import type { ProcessRef } from '../events';
import type { Member } from '../members';
import type { InsightState, Round } from './projection';
import type { Aliveness } from './reach';
import { subjectOf, type Subject, type Thread } from './threads';
import { WakerMap } from './wakers';

/** What an inquiry has found, put together: who lived then, what each thread waited for, and who could never go on. */
export interface Situation {
  /** when it was so, in ms since the epoch */
  t: number;
  subjects: readonly Subject[];
  /** all that are known of, those that have ended among them */
  members: ReadonlyMap<ProcessRef, Member>;
  /** who could wake whom */
  wakers: WakerMap;
  fate: Aliveness;
  /** as `fate`, but for that members which a signal has stopped never go on */
  fateWhenStopped: Aliveness;
}

/** The members that lived at a time. */
export function livingAt(members: readonly Member[], t: number): Member[] {
  return members.filter((member) => member.startedAt <= t && (member.endedAt === null || member.endedAt > t));
}

/** Puts an inquiry together with what the record tells; undefined when it has seen nobody. `trusting`: one look is enough to take a thread for blocked. */
export function situationOf(members: readonly Member[], { round, looks, answers, done }: Round, insight: InsightState, { trusting = false } = {}): Situation | undefined {
  const living = livingAt(members, round);
  const subjects = living.flatMap((member) => {
    const look = looks.get(member.id)?.view;
    return look ? [subjectOf(member, look, answers.get(member.id)?.view, insight)] : [];
  });
  if (subjects.length === 0) return undefined;
  const isComplete = subjects.length === living.length;
  const options = { isComplete, trusting, strangers: new Set(done?.strangers) };
  const wakers = new WakerMap(subjects, options);
  return {
    t: round,
    subjects,
    members: new Map(members.map((member) => [member.id, member])),
    wakers,
    fate: wakers.graph.solve(),
    fateWhenStopped: new WakerMap(subjects, { ...options, stoppedForGood: true }).graph.solve(),
  };
}

/** The threads that can never go on. */
export function stuckThreads({ subjects, fate }: Situation): Thread[] {
  return subjects.flatMap(({ threads }) => threads.filter(({ node }) => !fate.isAlive(node)));
}

/** The members of which no thread can ever go on: those are stuck for their users, whatever else they hold. */
export function stuckMembers({ subjects, fate }: Situation): Subject[] {
  return subjects.filter(({ threads }) => threads.length > 0 && threads.every(({ node }) => !fate.isAlive(node)));
}

/** Finds a subject by the id of its member. */
export function subjectBy({ subjects }: Situation, id: ProcessRef): Subject | undefined {
  return subjects.find(({ member }) => member.id === id);
}
