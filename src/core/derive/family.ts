import type { ProcessRef } from '../events';
import type { EndedBy, Member, Outcome } from '../member';
import { isInner } from '../namespaces';
import type { RunState } from '../state';
import type { Derived, Ended } from './derived';
import { tolerance } from './incarnations';
import { familyMarks } from './marks';
import { outcomesOf } from './outcomes';
import { Senders } from './senders';

/**
 * What members are only when all are looked at together: helper of which program, whose orphan, ended by whom, and what
 * to think of that. One pass over the run, each time that anything has changed.
 */

/** Completes the members. One that comes out as it was stays the same object. */
export function relate(state: RunState, all: readonly Derived[]): void {
  const byId = new Map(all.map((derived) => [derived.member.id, derived]));
  const begun = byId.get(state.root?.value ?? '')?.record.claims.firstStart?.t;
  for (const derived of all) {
    const role = cameBeforeProgram(derived, byId, begun) ? 'helper' : derived.role;
    if (derived.member.role !== role) derived.member = { ...derived.member, role };
  }
  // The pid of a process that was never seen from outside is not what the operating system here calls it.
  const living = new Set(all.flatMap(({ member }) => (member.endedAt === null && !isInner(member.id) ? [member.pid] : [])));
  const endings = endingsOf(state, all);
  for (const derived of all) {
    const { member } = derived;
    const parent = member.parent === null ? undefined : byId.get(member.parent)?.member;
    const hasReaper = living.has(member.osParent ?? parent?.pid ?? 0);
    const marks = [...familyMarks(derived, parent, hasReaper, state.now), ...derived.marks];
    const { endedBy = null, outcome = null } = endings.get(member.id) ?? {};
    if (!isComplete(member, { marks, endedBy, outcome })) derived.member = { ...member, marks, endedBy, outcome };
  }
}

/** Who ended each member that has ended, and what to think of its end. */
function endingsOf(state: RunState, all: readonly Derived[]): Map<ProcessRef, { endedBy: EndedBy | null; outcome: Outcome | null }> {
  const senders = new Senders(all, state);
  const ended = all.flatMap((derived): Ended[] => {
    const { member, record } = derived;
    if (!member.exit) return [];
    const sent = member.exit.code === 0 ? [] : senders.sentTo(derived);
    return [{ member, record, sent, endedBy: senders.endedBy(derived, sent) }];
  });
  const outcomes = outcomesOf(ended, new Map(all.map(({ member }) => [member.id, member])), state.run?.value.platform);
  return new Map(ended.map(({ member, endedBy }) => [member.id, { endedBy, outcome: outcomes.get(member.id) ?? null }]));
}

/** What ran before a program has ended when it begins, or is found to have soon after. In ms. */
const settling = 1_000;

/**
 * True for what came and went before the program itself began: version managers such as pyenv put a shell script in its
 * place, which runs a dozen small programs and then becomes the interpreter by exec. `begun`: when the root's program did.
 */
function cameBeforeProgram({ member, record }: Derived, byId: ReadonlyMap<ProcessRef, Derived>, begun: number | undefined): boolean {
  const { startedAt, endedAt } = member;
  if ((record.claims.start ?? record.claims.spawn) || endedAt === null) return false;
  const isBefore = (t: number | undefined): boolean => t !== undefined && startedAt < t - tolerance && endedAt <= t + settling;
  const passed = new Set<ProcessRef>([member.id]);
  let at = member.parent;
  while (at !== null && !passed.has(at)) {
    const ancestor = byId.get(at);
    if (isBefore(ancestor?.record.claims.firstStart?.t)) return true;
    passed.add(at);
    at = ancestor?.member.parent ?? null;
  }
  return isBefore(begun);
}

function isComplete(member: Member, { marks, endedBy, outcome }: Pick<Member, 'marks' | 'endedBy' | 'outcome'>): boolean {
  return marks.length === member.marks.length && marks.every((mark, index) => mark === member.marks[index])
    && sameSender(member.endedBy, endedBy) && member.outcome?.verdict === outcome?.verdict && member.outcome?.reason === outcome?.reason;
}

function sameSender(a: EndedBy | null, b: EndedBy | null): boolean {
  return a === b || (a !== null && b !== null && a.by === b.by && a.signal === b.signal && a.member === b.member && a.via === b.via && a.site === b.site);
}
