import type { Exit } from './exits';
import type { Member } from './member';
import { membersOf, type KeptMembers } from './members';
import type { RunState } from './state';

/** A finding of the diagnoses: what happened, the evidence, what it means, what to do. */
export interface Finding {
  kind: string;
  certainty: 'proved' | 'likely';
  message: string;
}

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

/** Makes the report of a state. `kept` as in {@link membersOf}. */
export function reportOf(state: RunState, lines: LineCounts, kept?: KeptMembers): Report {
  const run = state.run?.value;
  const members = membersOf(state, kept);
  const root = members.find((member) => member.role === 'root');
  const alive = members.some((member) => member.endedAt === null);
  const last = members.reduce((end, member) => Math.max(end, member.endedAt ?? 0), 0);
  const failed = state.launchFailed;
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
    findings: [],
    problems: {
      garbledLines: lines.garbled,
      unknownEvents: lines.unknown,
      forgottenMembers: state.forgotten,
      messages: [...state.problems].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, { value }]) => ({ kind, message: value })),
    },
  };
}
