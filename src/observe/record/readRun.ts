import { KeptMembers } from '../../core/members';
import { reportOf, type Report } from '../../core/report';
import { emptyState, reduce, type RunState } from '../../core/state';
import { RunReader } from './reader';

/** The record of a run that is read again and again: each look reads only what has come since the one before. */
export class RunRecord {
  readonly state: RunState = emptyState();
  readonly #reader: RunReader;
  readonly #kept = new KeptMembers();
  #report: { version: number; report: Report } | undefined;

  constructor(run: string) {
    this.#reader = new RunReader(run, { follow: false, onEvents: (events) => events.forEach((event) => reduce(this.state, event)) });
    this.#reader.readAll();
  }

  /** Reads what is new. The same object as before when nothing has changed. */
  look(): Report {
    this.#reader.look();
    return this.report();
  }

  /** What was known at the last look. */
  report(): Report {
    if (this.#report?.version !== this.state.version) this.#report = { version: this.state.version, report: reportOf(this.state, this.#reader.counts, this.#kept) };
    return this.#report.report;
  }

  close(): void {
    this.#reader.close();
  }
}

/** What the files of a run directory tell, read once. */
export function readRun(run: string): { state: RunState; report: Report } {
  const record = new RunRecord(run);
  record.close();
  return { state: record.state, report: record.report() };
}
