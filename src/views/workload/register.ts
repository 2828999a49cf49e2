import * as vscode from 'vscode';
import { HumanError, messageOf } from '../../core/errors';
import { readDescription } from '../../observe/runDirectory';
import { isWorkloadRun, listAllRuns } from '../../workload/folders';
import type { Commands } from '../commands';
import { userEnvironment } from '../launchRun';
import type { Element } from '../processTree';
import type { WindowRun } from '../runStore';
import type { WorkloadFaces } from './faces';
import { WorkloadLenses } from './lenses';
import { followTasks, taskType, WorkloadTasks } from './tasks';
import type { WorkloadContext } from './workloads';

export interface WorkloadSurroundings extends WorkloadContext {
  view: vscode.TreeView<Element>;
  commands: Commands;
}

/** Commands that load the faces of workloads when they are called. */
const names = ['runAcrossCores', 'debugRow', 'openResults', 'pauseWorkload', 'continueWorkload', 'stopWorkloadNow', 'resumeWorkload', 'runWorkloadAgain', 'retryFailed', 'retryTask', 'goToFailure'];
const languages = ['python', 'javascript'];
/** ms after activation until runs of an earlier window are looked for: others start at that moment, too. */
const restoreAfter = 200;

/** Runs of workloads that started longer ago than this (ms) are not shown in a new window. */
const stillNews = 12 * 3_600_000;

/** The runs that this workspace has going, or had in the window before. */
const earlierRuns = (workspace: string): string[] => listAllRuns(userEnvironment()).filter((directory) => {
  const description = readDescription(directory);
  return description?.workspace === workspace && description.startedAt > Date.now() - stillNews;
});

/** Registers what starts workloads. What shows them is loaded with the first one. */
export function registerWorkloads(surroundings: WorkloadSurroundings): vscode.Disposable & { start(file: string): Promise<WindowRun> } {
  const { log, window } = surroundings;
  let loading: Promise<WorkloadFaces> | undefined;
  let disposed = false;
  const faces = (): Promise<WorkloadFaces> => (loading ??= import('./faces').then((module) => {
    const loaded = new module.WorkloadFaces(surroundings);
    surroundings.commands.workloads = { stop: (run) => loaded.workloads.stop(run), showOutput: (row) => loaded.showOutput(row) };
    if (disposed) loaded.dispose();
    return loaded;
  }));
  const guarded = (name: string) => async (given?: unknown): Promise<unknown> => {
    try {
      return await (await faces()).commands[name]?.(given);
    } catch (error) {
      if (error instanceof vscode.CancellationError) return undefined;
      if (!(error instanceof HumanError)) log.error(error as Error);
      void vscode.window.showErrorMessage(error instanceof HumanError ? error.message : `Procession: ${messageOf(error)} (see the log "Procession")`);
      return undefined;
    }
  };
  const timer = setTimeout(() => {
    const found = vscode.workspace.isTrusted ? earlierRuns(window.workspace) : [];
    if (found.length) faces().then(({ workloads }) => workloads.restore(found)).catch((error: unknown) => log.error(error as Error));
  }, restoreAfter);
  const lenses = new WorkloadLenses();
  const registrations: vscode.Disposable[] = [
    ...names.map((name) => vscode.commands.registerCommand(`procession.${name}`, guarded(name))),
    window.runs.onDidChange(() => {
      if (!loading && window.runs.all().some(({ open }) => isWorkloadRun(open.description()))) void faces();
    }),
    vscode.tasks.registerTaskProvider(taskType, new WorkloadTasks(window)),
    followTasks(async () => (await faces()).workloads, log),
    lenses,
    vscode.languages.registerCodeLensProvider(languages.map((language) => ({ language, scheme: 'file' })), lenses),
  ];
  return {
    start: async (file) => {
      const id = await (await faces()).start(file);
      const run = window.runs.get(id);
      if (!run) throw new Error(`the run ${id} has gone`);
      return run;
    },
    dispose: () => {
      disposed = true;
      clearTimeout(timer);
      for (const registration of registrations) registration.dispose();
      void loading?.then((loaded) => loaded.dispose());
    },
  };
}
