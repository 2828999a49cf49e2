import type { ProcessRef } from '../events';
import { pidOf, stampOf, type MemberRecord, type RunState } from '../state';

const none: readonly never[] = [];

/** What was read of the state, so that it can be told whether the same would be read again. */
export interface ReadSet {
  /** pid, {@link stampOf} when it was read, the next pid, … */
  stamps: readonly number[];
  /** greatest {@link RunState.now} at which every question about the time has the same answer */
  until: number;
}

/** True when nothing that was read has changed. */
export function isCurrent(state: RunState, { stamps, until }: ReadSet): boolean {
  if (state.now > until) return false;
  for (let i = 0; i < stamps.length; i += 2) if (stampOf(state, stamps[i] ?? 0) !== stamps[i + 1]) return false;
  return true;
}

/**
 * The run state as one member's derivation reads it. What it reads of other members, and of the time, goes through here
 * and is noted. `run`, `root` and `end` concern all members alike: who keeps what was derived compares them once.
 */
export class RunView {
  #stamps: number[] = [];
  #until = Infinity;

  constructor(private readonly state: RunState) {}

  get run(): RunState['run'] {
    return this.state.run;
  }

  get root(): RunState['root'] {
    return this.state.root;
  }

  get end(): RunState['end'] {
    return this.state.end;
  }

  /** The record of a member, without the facts that name it by its pid alone. */
  record(id: ProcessRef): MemberRecord | undefined {
    this.#note(pidOf(id));
    return this.state.members.get(id);
  }

  /** The records of a pid, one for each process that had it. */
  recordsOf(pid: number): readonly MemberRecord[] {
    this.#note(pid);
    return this.state.byPid.get(pid) ?? none;
  }

  /** Whether it is later than `t`, in ms since the epoch. */
  isAfter(t: number): boolean {
    if (this.state.now > t) return true;
    this.#until = Math.min(this.#until, t);
    return false;
  }

  /** What was read up to now. */
  get readSet(): ReadSet {
    return { stamps: this.#stamps, until: this.#until };
  }

  #note(pid: number): void {
    for (let i = 0; i < this.#stamps.length; i += 2) if (this.#stamps[i] === pid) return;
    this.#stamps.push(pid, stampOf(this.state, pid));
  }
}
