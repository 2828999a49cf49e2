import type { Ending, Event, ProcessRef } from '../../core/events';
import { KeptMembers } from '../../core/members';
import { reportOf, type Report } from '../../core/report';
import { emptyState, reduce } from '../../core/state';
import { takeLease, type Attention } from './lease';
import { RunReader } from './reader';
import { readDescription, type RunDescription } from './runDirectory';

/** A run that is looked at: its files followed, its state kept, its readers told of changes. */
export class OpenRun {
  readonly #state = emptyState();
  readonly #reader: RunReader;
  readonly #kept = new KeptMembers();
  #report: { version: number; report: Report } | undefined;
  readonly #description: RunDescription;
  #attention: Attention | undefined;

  /**
   * `changed` is called after each batch of events, `vanished` when the directory is gone: true where that is as it should be.
   * `self` is this process. Throws when `directory` is no run directory.
   */
  constructor(public directory: string, private readonly self: ProcessRef, changed: () => void, vanished: () => boolean = () => false) {
    const description = readDescription(directory);
    if (!description) throw new Error(`${directory} has no run.json`);
    this.#description = description;
    this.#reader = new RunReader(directory, {
      onEvents: (events: Event[]) => {
        for (const event of events) reduce(this.#state, event);
        changed();
      },
      onVanished: vanished,
    });
  }

  get id(): string {
    return this.#description.id;
  }

  /** `run.json` as it was when the run was opened; only its observer may be another by now. */
  description(): RunDescription {
    return this.#description;
  }

  /** What is known now. The same object as before when nothing has changed. */
  report(): Report {
    if (this.#report?.version !== this.#state.version) {
      const report = reportOf(this.#state, this.#reader.counts, this.#kept);
      this.#report = { version: this.#state.version, report: { ...report, run: { ...report.run, id: this.id, command: this.#description.command, cwd: this.#description.cwd, startedAt: report.run.startedAt ?? this.#description.startedAt } } };
    }
    return this.#report.report;
  }

  /** How many members are known: what a report costs goes with it. */
  get size(): number {
    return this.#state.members.size;
  }

  /** True once nobody observes the run any more: its last word is `end`. */
  get observationEnded(): boolean {
    return this.#state.end !== undefined;
  }

  /** The root, once it was started; it may not be among the members yet. */
  get root(): ProcessRef | undefined {
    return this.#state.root?.value;
  }

  /** How the root itself has said that it ends; undefined when it has not. */
  get lastWords(): Ending | undefined {
    return this.#state.members.get(this.#state.root?.value ?? '')?.claims.exit?.value;
  }

  /** Tells the observer how closely this process looks. */
  attend(attention: Attention): void {
    if (attention === this.#attention) return;
    this.#attention = attention;
    takeLease(this.directory, this.self, attention);
  }

  /** Reads what is new now, without the files of processes that ended some looks ago: cheap enough to be called again and again. */
  look(): void {
    this.#reader.look();
  }

  /** Reads everything that is written up to now. */
  readAll(): void {
    this.#reader.readAll();
  }

  /** The run has ended and its files lie elsewhere now. Nothing more will come. */
  moved(directory: string): void {
    if (directory === this.directory) return;
    this.directory = directory;
    this.#reader.moveTo(directory);
  }

  close(): void {
    this.#reader.close();
  }
}
