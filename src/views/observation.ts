import { join } from 'node:path';
import type * as vscode from 'vscode';
import { messageOf } from '../core/errors';
import type { ProcessRef } from '../core/events';
import { boundTo, isDebugged, isLeftBehind } from '../launch/runGuard';
import { commandLine, hasOrder, startDetached, withdrawOrder } from '../launch/launchSpecFile';
import { dutyOf, nextTry } from '../launch/watch';
import { exists, isSame, learn, pidOf } from '../observe/system/identity';
import { describeRuns, liveRunsFolder, readDescription, type RunDescription } from '../observe/record/runDirectory';
import { launcherOf, sendSignal } from '../observe/system/signals';
import { isWorkloadRun } from '../workload/journal/folders';
import type { Window } from './commands/launchRun';
import type { WindowRun } from './runStore';

const lookEvery = 1_000;

/** Whether a process is there. Elsewhere than on Linux only that its pid is somebody's: to know more, another program would have to be run. */
function isThere(ref: ProcessRef): boolean {
  return process.platform === 'linux' ? isSame(ref) : exists(pidOf(ref));
}

/** Sees to it that every run of the window that is on is observed by somebody, whoever was killed. */
export class Observation implements vscode.Disposable {
  readonly #tries = new Map<string, { count: number; next: number }>();
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly window: Window, private readonly log: vscode.LogOutputChannel) {
    this.#timer = setInterval(() => this.look(), lookEvery);
    this.#timer.unref();
  }

  /** Looks at all runs of the window now. */
  look(): void {
    for (const run of this.window.runs.all()) {
      if (run.open.observationEnded) this.#tries.delete(run.open.id);
      else this.#lookAt(run);
    }
  }

  #lookAt(run: WindowRun): void {
    const { directory, id } = run.open;
    const description = readDescription(directory);
    // The runner of a workload has its own way to go on.
    if (!description || isWorkloadRun(description)) return;
    const duty = this.#dutyOf(run, description);
    if (duty === 'giveUp') this.giveUp(run);
    if (duty !== 'observe') return;
    const { count, next } = this.#tries.get(id) ?? { count: 0, next: 0 };
    if (Date.now() < next) return;
    this.#tries.set(id, { count: count + 1, next: Date.now() + nextTry(count) });
    this.#observe(directory, description.cwd);
  }

  #dutyOf({ open, launcher, terminal }: WindowRun, { observer, startedAt }: RunDescription): ReturnType<typeof dutyOf> {
    const facts = {
      isDebugged: isDebugged(open.directory), hasOrder: hasOrder(open.directory), age: Date.now() - startedAt,
      observer: observer === null ? 'unknown' : isThere(observer) ? 'alive' : 'gone',
      launcherEnded: terminal?.exitStatus !== undefined || (launcher !== undefined && !isThere(launcher)),
    } as const;
    // A launcher that was killed at the very start may have had no time to tell of the root, which tells of itself.
    const hasRoot = (): boolean => open.root !== undefined || open.size > 0;
    const duty = dutyOf({ ...facts, isOver: false, hasRoot: hasRoot() });
    if (duty === 'nothing') return duty;
    // What it wrote at the very last may not have been read yet.
    open.readAll();
    return dutyOf({ ...facts, isOver: open.observationEnded, hasRoot: hasRoot() });
  }

  /** Says of a run that its program was not started, and sees to it that it is not. */
  giveUp({ open, launcher, steering: { file } }: WindowRun): void {
    const waited = withdrawOrder(open.directory);
    const begun = readDescription(open.directory)?.observer ?? launcher;
    const target = !waited && begun !== undefined && open.root === undefined ? launcherOf(open.directory, begun) : 'gone';
    if (typeof target !== 'string') sendSignal(target, 'SIGKILL');
    file.write({ e: 'launchFailed', t: Date.now(), message: waited ? 'The program was not started: the terminal that was to start it did not open, or was closed.' : 'The program was not started: its launcher was ended before it could.' });
    file.write({ e: 'end', t: Date.now(), reason: 'not started' });
    this.#tries.delete(open.id);
  }

  #observe(directory: string, cwd: string): void {
    startDetached(commandLine(join(this.window.dist, 'cli.js'), ['observe', directory]), cwd).catch((error: unknown) => this.log.error(`${directory} can't be observed: ${messageOf(error)}`));
  }

  /** Ends runs of other windows that nobody is left to end: their window and whoever observed them were killed. */
  async endLeftBehind(): Promise<void> {
    const known = new Set(this.window.runs.all().map(({ open }) => open.directory));
    for (const { directory, description } of await describeRuns(liveRunsFolder())) {
      if (known.has(directory) || (description.observer !== null && isThere(description.observer))) continue;
      await learn(boundTo(directory));
      if (isLeftBehind(directory)) this.#observe(directory, description.cwd);
    }
  }

  dispose(): void {
    clearInterval(this.#timer);
  }
}
