import type { ProcessRef } from '../events';
import type { MemberRecord } from '../claims';
import { addressOf, type Address } from '../namespaces';
import { recordNamed, stampOf, type LooseEvent, type RunState } from '../state';

const none: readonly never[] = [];

/** What was read of the state, so that it can be told whether the same would be read again. */
export interface ReadSet {
  /** what was read about, and {@link stampOf} it then */
  addresses: readonly Address[];
  stamps: readonly number[];
  /** greatest {@link RunState.now} at which every question about the time has the same answer */
  until: number;
}

/** True when nothing that was read has changed. */
export function isCurrent(state: RunState, { addresses, stamps, until }: ReadSet): boolean {
  return state.now <= until && addresses.every((address, i) => stampOf(state, address) === stamps[i]);
}

/**
 * The run state as one member's derivation reads it. What it reads of other members, and of the time, goes through here
 * and is noted. `run`, `root` and `end` concern all members alike: who keeps what was derived compares them once.
 */
export class RunView {
  #addresses: Address[] = [];
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

  /** The record that a reference means, without the facts that name it by its pid alone. */
  record(ref: ProcessRef): MemberRecord | undefined {
    this.#note(addressOf(ref));
    const record = recordNamed(this.state, ref);
    if (record && record.id !== ref) this.#note(addressOf(record.id));
    return record;
  }

  /** The records of an address, one for each process that had it. */
  recordsOf(address: Address): readonly MemberRecord[] {
    this.#note(address);
    return this.state.byPid.get(address) ?? none;
  }

  /** The facts that name a process by an address alone. */
  looseOf(address: Address): readonly LooseEvent[] {
    this.#note(address);
    return this.state.loose.get(address)?.facts ?? none;
  }

  /** Whether it is later than `t`, in ms since the epoch. */
  isAfter(t: number): boolean {
    if (this.state.now > t) return true;
    this.#until = Math.min(this.#until, t);
    return false;
  }

  /** What was read up to now. */
  get readSet(): ReadSet {
    return { addresses: this.#addresses, stamps: this.#stamps, until: this.#until };
  }

  #note(address: Address): void {
    if (this.#addresses.includes(address)) return;
    this.#addresses.push(address);
    this.#stamps.push(stampOf(this.state, address));
  }
}
