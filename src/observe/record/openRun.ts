import type { Ending, Event, ProcessRef } from '../../core/events';
import { stuckIn } from '../../core/findings/doing';
import type { Finding } from '../../core/findings/finding';
import { findingsIn } from '../../core/findings/rules';
import { sceneOf } from '../../core/findings/scene';
import { KeptMembers, type Member } from '../../core/members';
import { reportOf, type Report } from '../../core/report';
import { emptyState, reduce } from '../../core/state';
import { takeLease, type Attention } from './lease';
import { RunReader } from './reader';
import { readDescription, type RunDescription } from './runDirectory';

/** ms between two times at which the findings are worked out, or more where that takes longer than a fiftieth of the time */
const judgeEvery = 500;
const judgeShare = 50;

/** A run that is looked at: its files followed, its state kept, its readers told of changes. */
export class OpenRun {
  readonly #state = emptyState();
  readonly #reader: RunReader;
  readonly #kept = new KeptMembers();
  #report: { version: number; report: Report } | undefined;
  #judged: { version: number; next: number; findings: Finding[]; stuck: ReadonlyMap<ProcessRef, string> } = { version: -1, next: 0, findings: [], stuck: new Map() };
  #judgeTimer: NodeJS.Timeout | undefined;
  readonly #description: RunDescription;
  #attention: Attention | undefined;

  /**
   * `changed` is called after each batch of events, `vanished` when the directory is gone: true where that is as it should be.
   * `self` is this process. Throws when `directory` is no run directory.
   */
  constructor(public directory: string, private readonly self: ProcessRef, private readonly changed: () => void, vanished: () => boolean = () => false) {
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
      const report = reportOf(this.#state, this.#reader.counts, this.#kept, (members) => this.#judge(members));
      this.#report = { version: this.#state.version, report: { ...report, run: { ...report.run, id: this.id, command: this.#description.command, cwd: this.#description.cwd, startedAt: report.run.startedAt ?? this.#description.startedAt } } };
    }
    return this.#report.report;
  }

  /** The members that can't go on, and what each waits for in a few words; as of the latest report. */
  get stuck(): ReadonlyMap<ProcessRef, string> {
    return this.#judged.stuck;
  }

  /** The findings, worked out anew if that is not too soon; else it is done a moment later. */
  #judge(members: readonly Member[]): Finding[] {
    const now = Date.now();
    const { version } = this.#state;
    if (version !== this.#judged.version && now >= this.#judged.next) {
      const began = performance.now();
      const scene = sceneOf(this.#state, members, this.observationEnded ? this.#state.now : Math.max(now, this.#state.now));
      const [findings, stuck] = [findingsIn(scene), stuckIn(scene)];
      this.#judged = { version, next: now + Math.max(judgeEvery, (performance.now() - began) * judgeShare), findings, stuck };
    } else if (version !== this.#judged.version) {
      this.#judgeTimer ??= setTimeout(() => {
        this.#judgeTimer = undefined;
        this.#report = undefined;
        this.changed();
      }, this.#judged.next - now);
    }
    return this.#judged.findings;
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
    this.#judged.next = 0;
  }

  /** The run has ended and its files lie elsewhere now. Nothing more will come. */
  moved(directory: string): void {
    if (directory === this.directory) return;
    this.directory = directory;
    this.#reader.moveTo(directory);
  }

  close(): void {
    clearTimeout(this.#judgeTimer);
    this.#reader.close();
  }
}
