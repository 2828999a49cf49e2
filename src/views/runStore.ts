import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { messageOf } from '../core/errors';
import type { Report } from '../core/report';
import { EventFile } from '../observe/eventFile';
import { OpenRun } from '../observe/openRun';
import type { Attention } from '../observe/lease';
import { listRuns, readDescription } from '../observe/runDirectory';
import type { Steering } from '../launch/steer';
import { ownRef } from '../launch/launcher';

/** A run in this window. */
export interface WindowRun {
  open: OpenRun;
  /** where this window records what it does to the run's members */
  steering: Steering;
  terminal?: vscode.Terminal;
}

/** Changes of many runs are told together, at most this often, in ms. A quarter of what the eye takes for a delay. */
const quiet = 25;

/** The runs that this window shows. */
export class RunStore implements vscode.Disposable {
  readonly self = ownRef();
  readonly #runs = new Map<string, WindowRun>();
  readonly #changed = new vscode.EventEmitter<void>();
  #timer: NodeJS.Timeout | undefined;
  #attention: Attention = 'hidden';

  /** Something about the runs or their members is new. */
  readonly onDidChange = this.#changed.event;

  constructor(private readonly log: vscode.LogOutputChannel) {}

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

  /** Takes up the runs of a workspace that lie in a folder: those of a window that was reloaded or crashed. */
  restore(folder: string, workspace: string): void {
    for (const directory of listRuns(folder)) {
      if (readDescription(directory)?.workspace !== workspace) continue;
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
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changed.fire();
    }, quiet);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const { open, steering } of this.#runs.values()) {
      open.close();
      steering.file.close();
    }
    this.#runs.clear();
    this.#changed.dispose();
  }
}
