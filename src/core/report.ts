import type { ProcessRef, Site } from './events';
import type { Exit } from './exits';
import type { Finding } from './findings/finding';
import { findingsOf, isHang } from './findings/rules';
import { latestRound } from './insight/projection';
import type { Member } from './member';
import { membersOf, type KeptMembers } from './members';
import type { RunState } from './state';

/** A run as JSON: what `--report` writes and the extension's API gives. Times in ms since the epoch. */
export interface Report {
  schema: 'procession.report/1';
  run: {
    id: string;
    command: string[];
    cwd: string;
    startedAt: number | null;
    endedAt: number | null;
    exit: Exit | null;
    /** why the root could not be started; only then */
    launchFailed?: string;
  };
  members: Member[];
  findings: Finding[];
  /** of a run that can't go on: the stacks of its threads, outermost frame first, as far as they were asked */
  stacks?: { member: ProcessRef; thread: string; frames: Site[] }[];
  problems: Problems;
}

/** What went wrong with the observation itself: counts, and the newest message of each kind. */
export interface Problems {
  /** lines of event files that could not be understood */
  garbledLines: number;
  /** well-formed lines of a kind that this version does not know */
  unknownEvents: number;
  /** ended members that were let go to keep memory bounded */
  forgottenMembers: number;
  messages: { kind: string; message: string }[];
}

/** Lines that a reader could not use. */
export interface LineCounts {
  garbled: number;
  unknown: number;
}

function stacksOf({ insight }: RunState): NonNullable<Report['stacks']> {
  return [...latestRound(insight)?.answers ?? []].flatMap(([member, { view }]) => (view.threads ?? []).map(({ name, frames }) => ({
    member, thread: name, frames: frames.map(({ file, line, function: called }) => ({ file, line, function: called })).reverse(),
  })));
}

/** Makes the report of a state. `kept` as in {@link membersOf}; `judge` gives the findings, where not those of this moment are wanted. */
export function reportOf(state: RunState, lines: LineCounts, kept?: KeptMembers, judge: (members: readonly Member[]) => Finding[] = (members) => findingsOf(state, members)): Report {
  const run = state.run?.value;
  const members = membersOf(state, kept);
  const root = members.find((member) => member.role === 'root');
  const alive = members.some((member) => member.endedAt === null);
  const last = members.reduce((end, member) => Math.max(end, member.endedAt ?? 0), 0);
  const failed = state.launchFailed;
  const findings = judge(members);
  return {
    schema: 'procession.report/1',
    run: {
      id: run?.run ?? '',
      command: run?.command ?? [],
      cwd: run?.cwd ?? '',
      startedAt: root?.startedAt ?? state.run?.t ?? null,
      endedAt: failed ? failed.t : root && !alive ? last : null,
      exit: root?.exit ?? null,
      ...(failed ? { launchFailed: failed.value } : {}),
    },
    members,
    findings,
    ...(findings.some(isHang) ? { stacks: stacksOf(state) } : {}),
    problems: {
      garbledLines: lines.garbled,
      unknownEvents: lines.unknown,
      forgottenMembers: state.forgotten,
      messages: [...state.problems].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, { value }]) => ({ kind, message: value })),
    },
  };
}
