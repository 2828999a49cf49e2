import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { messageOf } from '../core/errors';
import type { ProcessRef } from '../core/events';
import type { Report } from '../core/report';
import { EventFile } from '../observe/record/eventFile';
import { OpenRun } from '../observe/record/openRun';
import type { Attention } from '../observe/record/lease';
import { isSame } from '../observe/system/identity';
import { isWorkloadRun } from '../workload/journal/folders';
import { describeRuns, removeFolder, type RunDescription } from '../observe/record/runDirectory';
import type { Steering } from '../launch/steer';
import { ownRef } from '../launch/launcher';
import type { Archive } from './archive';

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

  /** runs whose records are on their way to the archive, or soon will be */
  readonly #moves = new Map<string, { timer: NodeJS.Timeout; done: Promise<void> }>();
  #isDisposed = false;

  readonly #watch: vscode.Disposable | undefined;

  constructor(private readonly log: vscode.LogOutputChannel, private readonly archive: Archive) {
    this.#watch = archive.watch(() => this.#dropRemoved());
  }

  /** A record is not followed any more once it is in the archive; another window may remove it there. */
  #dropRemoved(): void {
    for (const { open } of this.all()) if (this.archive.holds(open.directory) && !existsSync(open.directory)) this.remove(open.id);
  }

  /** Follows a run directory; the same one twice is the same run. */
  add(directory: string): WindowRun {
    const known = [...this.#runs.values()].find((run) => run.open.directory === directory);
    if (known) return known;
    const open: OpenRun = new OpenRun(directory, this.self, () => this.#tell(), () => this.#vanished(open));
    const run: WindowRun = { open, steering: { file: new EventFile(directory, 'window', this.self) } };
    this.#runs.set(open.id, run);
    open.attend(this.#attention);
    this.#tell();
    return run;
  }

  /** Takes up runs of a workspace that lie in a folder: those of a window that was reloaded or crashed. `wanted` chooses among them. */
  async restore(folder: string, workspace: string, wanted: (run: RunDescription, directory: string) => boolean = () => true): Promise<void> {
    for (const { directory, description } of await describeRuns(folder)) {
      if (this.#isDisposed || description.workspace !== workspace || !wanted(description, directory)) continue;
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

  /** Where the record of a run lies now: it may have been moved a moment ago. */
  directoryOf(id: string): string | undefined {
    const open = this.#runs.get(id)?.open;
    if (open && !existsSync(open.directory) && existsSync(this.archive.placeOf(open.directory))) open.moved(this.archive.placeOf(open.directory));
    return open?.directory;
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
    clearTimeout(this.#moves.get(id)?.timer);
    this.#moves.delete(id);
    this.#runs.delete(id);
    this.#tell();
  }

  /** Takes a run out of this window and removes its record, also one that is just being moved. */
  async discard({ open }: WindowRun): Promise<void> {
    const move = this.#moves.get(open.id);
    this.remove(open.id);
    await move?.done;
    removeFolder(open.directory);
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
  #moveWhenEnded({ open, steering }: WindowRun): void {
    if (!open.observationEnded || open.report().run.endedAt === null || this.#moves.has(open.id) || this.archive.holds(open.directory) || isWorkloadRun(open.description())) return;
    const move = {
      timer: setTimeout(() => {
        steering.file.close();
        move.done = this.#archive(open);
      }, restBeforeMove),
      done: Promise.resolve(),
    };
    this.#moves.set(open.id, move);
  }

  async #archive(open: OpenRun): Promise<void> {
    try {
      const place = await this.archive.take(open.directory);
      if (place === undefined) this.log.warn(`${open.directory} could not be kept`);
      else open.moved(place);
    } catch (error) {
      this.log.warn(`${open.directory} could not be kept: ${messageOf(error)}`);
    }
  }

  /** The directory of a run is gone: another window may have archived or removed it. False where processes have lost their record. */
  #vanished(open: OpenRun): boolean {
    if (existsSync(this.directoryOf(open.id) ?? '')) return true;
    if (open.report().members.some(({ id, endedAt }) => endedAt === null && isSame(id))) return false;
    setImmediate(() => this.remove(open.id));
    return true;
  }

  dispose(): void {
    this.#watch?.dispose();
    clearTimeout(this.#timer);
    this.#isDisposed = true;
    for (const { timer } of this.#moves.values()) clearTimeout(timer);
    for (const { open, steering } of this.#runs.values()) {
      open.close();
      steering.file.close();
    }
    this.#runs.clear();
    this.#changed.dispose();
  }
}
