import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { HumanError, messageOf } from '../../../core/errors';
import type { Member } from '../../../core/members';
import { isSame } from '../../../observe/system/identity';
import { sendControl } from '../../../workload/run/control';
import { isWorkloadRun, runnerOf } from '../../../workload/journal/folders';
import type { Control } from '../../../workload/protocol';
import { DisposableStore } from '../../disposables';
import { resumeObservation, type Window } from '../../commands/launchRun';
import { surroundingsOf } from '../../surroundings';
import type { ProcessTree } from '../../tree/processTree';
import type { WindowRun } from '../../runStore';
import { mustTrust } from '../../trust';
import { Followed } from './followed';
import { mapEnvironment, startMap, type MapCall } from '../launch';
import { workloadRow } from './treeRows';

/** ms between looks whether a stopped workload has ended */
const lookEvery = 100;

export interface WorkloadContext {
  window: Window;
  tree: ProcessTree;
  log: vscode.LogOutputChannel;
}

/** The workloads of this window: those it has started, those it finds, and what is known of each. */
export class Workloads implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #followed = new Map<string, Followed>();
  readonly #changed = this.#store.add(new vscode.EventEmitter<Followed>());
  readonly #ended = this.#store.add(new vscode.EventEmitter<Followed>());
  /** runs that a person has started in this window, and that go on */
  readonly #own = new Set<string>();

  /** A workload's progress or its failed tasks are new. */
  readonly onDidChange = this.#changed.event;
  /** A workload that was started in this window has come to its end. */
  readonly onDidEnd = this.#ended.event;

  constructor(readonly context: WorkloadContext) {
    const { window, tree } = context;
    tree.shape = (row) => {
      const followed = row.kind === 'run' ? this.#followed.get(row.report.run.id) : undefined;
      return followed ? workloadRow(row, followed, Date.now()) : row;
    };
    this.#store.add(window.runs.onDidChange(() => this.#sync()));
    this.#sync();
  }

  /** All of them, the oldest first. */
  all(): Followed[] {
    return [...this.#followed.values()];
  }

  get(id: string): Followed | undefined {
    return this.#followed.get(id);
  }

  #sync(): void {
    const runs = new Map(this.context.window.runs.all().filter(({ open }) => isWorkloadRun(open.description())).map((run) => [run.open.id, run]));
    for (const [id, followed] of this.#followed) {
      if (runs.has(id)) continue;
      followed.close();
      this.#followed.delete(id);
      this.#changed.fire(followed);
    }
    for (const [id, run] of runs) if (!this.#followed.has(id)) this.#followed.set(id, new Followed(id, run.open.directory, (one) => this.#news(one)));
  }

  #news(followed: Followed): void {
    this.#changed.fire(followed);
    this.context.tree.update();
    if (followed.isLive || !this.#own.delete(followed.id)) return;
    this.#ended.fire(followed);
  }

  /** Takes up the runs of the window before, and those that were begun outside of it. */
  restore(directories: readonly string[]): void {
    for (const directory of directories) {
      try {
        // One that had ended and was resumed elsewhere is another run in the same directory.
        const known = this.all().find((followed) => followed.directory === directory);
        if (known && !known.isLive && runnerOf(directory) !== undefined) this.context.window.runs.remove(known.id);
        this.#sync();
        this.#adopt(directory);
      } catch (error) {
        this.context.log.warn(`${directory} could not be opened: ${messageOf(error)}`);
      }
    }
  }

  #adopt(directory: string): WindowRun {
    const { window, log } = this.context;
    const run = window.runs.add(directory);
    run.open.readAll();
    this.#sync();
    resumeObservation(window, run, isSame).catch((error: unknown) => log.error(error as Error));
    return run;
  }

  /** How `procession map` is called for a file. */
  async call(file: string, args: string[] = []): Promise<MapCall> {
    mustTrust('run');
    const { window } = this.context;
    const around = await surroundingsOf(vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file)));
    return { cli: join(window.dist, 'cli.js'), file, directory: dirname(file), env: mapEnvironment(dirname(file), window.workspace, around), args };
  }

  /** Starts a workload file. Throws {@link HumanError} with the runner's words when it can't be run. */
  async start(file: string): Promise<WindowRun> {
    for (const document of vscode.workspace.textDocuments) if (document.isDirty && document.uri.scheme === 'file') await document.save();
    return this.#show(await startMap(await this.call(file)));
  }

  /** Takes up a run that something else has started from this window: a task. */
  take(directory: string): WindowRun {
    return this.#show(directory);
  }

  #show(directory: string): WindowRun {
    const run = this.#adopt(directory);
    this.#own.add(run.open.id);
    // It may have been found before, and have ended already.
    const followed = this.#followed.get(run.open.id);
    if (followed?.progress && !followed.isLive) this.#news(followed);
    void vscode.commands.executeCommand('procession.processes.focus', { preserveFocus: true });
    return run;
  }

  /** Goes on with the journal of a run that has ended; `args` say with which rows. */
  async goOn(followed: Followed, args: string[]): Promise<void> {
    const file = followed.workload?.file;
    if (!file) throw new HumanError('This workload was given on the command line, not in a file. Give it there once more, with --resume or --retry-failed.');
    const { window } = this.context;
    await startMap(await this.call(file, args), followed.directory);
    window.runs.remove(followed.id);
    this.#sync();
    this.#show(followed.directory);
  }

  /** Runs tasks again: those of a workload that goes on by its runner, else by a new one. */
  async again(followed: Followed, rows: readonly number[], done = false): Promise<void> {
    if (followed.isLive && done) throw new HumanError('A task that is done can be run again once the workload has ended.');
    if (followed.isLive) await this.control(followed, { do: 'retry', rows: [...rows] });
    else await this.goOn(followed, [done ? '--again' : '--retry-failed', '--only', rows.join(',')]);
  }

  /** Sends a word to the runner of a workload. */
  async control(followed: Followed, control: Control): Promise<void> {
    const address = followed.progress?.control;
    if (!followed.isLive || !address) throw new HumanError(`${followed.name} is not running.`);
    const reply = await sendControl(address, control).catch((error: unknown) => ({ ok: false as const, message: messageOf(error) }));
    if (!reply.ok) throw new HumanError(`The runner of ${followed.name} did not obey: ${reply.message}.`);
    await followed.look();
  }

  /** Stop: running tasks come to their end; a second Stop ends them. Undefined where that can't be said to the runner. */
  async stop(run: WindowRun): Promise<Member[] | undefined> {
    const followed = this.#followed.get(run.open.id);
    if (!followed?.isLive || !followed.progress?.control) return undefined;
    await this.control(followed, { do: followed.progress.state === 'stopping' ? 'stopNow' : 'stop' });
    while (followed.isLive && this.#followed.get(followed.id) === followed) await new Promise((done) => setTimeout(done, lookEvery));
    run.open.readAll();
    return [];
  }

  /** The newest workload that runs. */
  live(): Followed | undefined {
    return this.all().filter(({ isLive }) => isLive).at(-1);
  }

  dispose(): void {
    for (const followed of this.#followed.values()) followed.close();
    this.#store.dispose();
  }
}
