import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { messageOf } from '../core/errors';
import type { ProcessRef } from '../core/events';
import type { Report } from '../core/report';
import { EventFile } from '../observe/eventFile';
import { moveRun } from '../observe/archive';
import { OpenRun } from '../observe/openRun';
import type { Attention } from '../observe/lease';
import { isWorkloadRun } from '../workload/folders';
import { listRuns, readDescription, type RunDescription } from '../observe/runDirectory';
import type { Steering } from '../launch/steer';
import { ownRef } from '../launch/launcher';

/** A run in this window. */
export interface WindowRun {
  open: OpenRun;
  /** where this window records what it does to the run's members */
  steering: Steering;
  terminal?: vscode.Terminal;
  /** the process that is to become the launcher, where this window has started it outside a terminal */
  launcher?: ProcessRef;
}

/** Changes of many runs are told together, at most this often, in ms. A quarter of what the eye takes for a delay. */
const quiet = 25;
/** The same for each known member: what a change costs its listeners goes with the size of the runs. */
const quietOfMember = 0.05;

/** ms from the end of a run until its directory moves: what shows its output has read it by then. */
const restBeforeMove = 2_000;

/** The runs that this window shows. */
export class RunStore implements vscode.Disposable {
  readonly self = ownRef();
  readonly #runs = new Map<string, WindowRun>();
  readonly #changed = new vscode.EventEmitter<void>();
  #timer: NodeJS.Timeout | undefined;
  #attention: Attention = 'hidden';

  /** Something about the runs or their members is new. */
  readonly onDidChange = this.#changed.event;

  readonly #moves = new Map<string, NodeJS.Timeout>();

  /** `archive` is where runs are kept that have ended. */
  constructor(private readonly log: vscode.LogOutputChannel, private readonly archive: string) {}

  /** Follows a run directory; the same one twice is the same run. */
  add(directory: string): WindowRun {
    const known = [...this.#runs.values()].find((run) => run.open.directory === directory);
    if (known) return known;
    const open = new OpenRun(directory, this.self, () => this.#tell());
    const run: WindowRun = { open, steering: { file: new EventFile(directory, 'window', this.self) } };
    this.#runs.set(open.id, run);
    open.attend(this.#attention);
    this.#tell();
    return run;
  }

  /** Takes up runs of a workspace that lie in a folder: those of a window that was reloaded or crashed. `wanted` chooses among them. */
  restore(folder: string, workspace: string, wanted: (run: RunDescription, directory: string) => boolean = () => true): void {
    for (const directory of listRuns(folder)) {
      const description = readDescription(directory);
      if (description?.workspace !== workspace || !wanted(description, directory)) continue;
      try {
        this.add(directory);
      } catch (error) {
        this.log.warn(`${directory} could not be opened: ${messageOf(error)}`);
      }
    }
  }

  get(id: string): WindowRun | undefined {
    return this.#runs.get(id);
  }

  /** All runs, the newest last. */
  all(): WindowRun[] {
    return [...this.#runs.values()];
  }

  /** Reports of all runs, after reading what is written up to now. */
  reports(): Report[] {
    return this.all().map(({ open }) => {
      if (existsSync(open.directory)) open.readAll();
      return open.report();
    });
  }

  /** Takes a run out of this window. Its directory stays. */
  remove(id: string): void {
    const run = this.#runs.get(id);
    run?.open.close();
    run?.steering.file.close();
    this.#runs.delete(id);
    this.#tell();
  }

  /** How closely a person looks: the observers pace themselves by it. */
  attend(attention: Attention): void {
    this.#attention = attention;
    for (const { open } of this.#runs.values()) open.attend(attention);
  }

  #tell(): void {
    if (this.#timer) return;
    const size = this.all().reduce((sum, { open }) => sum + open.size, 0);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const run of this.#runs.values()) this.#moveWhenEnded(run);
      this.#changed.fire();
    }, Math.max(quiet, size * quietOfMember));
  }

  /** Memory is for live runs: when the last word of a run is read, its directory moves to the archive. */
  #moveWhenEnded(run: WindowRun): void {
    const { open } = run;
    if (!open.observationEnded || open.report().run.endedAt === null || this.#moves.has(open.id) || open.directory.startsWith(this.archive) || isWorkloadRun(open.description())) return;
    this.#moves.set(open.id, setTimeout(() => {
      this.#moves.delete(open.id);
      if (!this.#runs.has(open.id)) return;
      try {
        open.readAll();
        run.steering.file.close();
        open.moved(moveRun(open.directory, this.archive));
      } catch (error) {
        this.log.warn(`${open.directory} could not be kept: ${messageOf(error)}`);
      }
    }, restBeforeMove));
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const timer of this.#moves.values()) clearTimeout(timer);
    for (const { open, steering } of this.#runs.values()) {
      open.close();
      steering.file.close();
    }
    this.#runs.clear();
    this.#changed.dispose();
  }
}
