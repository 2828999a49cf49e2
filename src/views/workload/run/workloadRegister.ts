import * as vscode from 'vscode';
import { isWorkloadRun } from '../../../workload/journal/folders';
import { guarded } from '../../commands/commandErrors';
import type { Commands } from '../../commands/commands';
import type { Element } from '../../tree/elements';
import type { WindowRun } from '../../runStore';
import type { WorkloadFaces } from './faces';
import { WorkloadLenses } from '../lenses';
import { onRunBegun, runsHere } from './outside';
import { followTasks, taskType, WorkloadTasks } from '../tasks';
import type { WorkloadContext } from './workloads';

export interface WorkloadSurroundings extends WorkloadContext {
  view: vscode.TreeView<Element>;
  commands: Commands;
}

/** Commands that load the faces of workloads when they are called. */
const names = ['runAcrossCores', 'debugRow', 'openResults', 'pauseWorkload', 'continueWorkload', 'stopWorkloadNow', 'resumeWorkload', 'runWorkloadAgain', 'retryFailed', 'retryTask', 'goToFailure'];
const languages = ['python', 'javascript', 'typescript'];
/** ms after activation until runs of an earlier window are looked for: others start at that moment, too. */
const restoreAfter = 200;

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
  const restore = (found: string[]): void => void faces().then(({ workloads }) => workloads.restore(found)).catch((error: unknown) => log.error(error as Error));
  let watching: vscode.Disposable | undefined;
  const look = (): void => {
    const found = vscode.workspace.isTrusted ? runsHere(window.workspace) : [];
    if (found.length) restore(found);
  };
  const timer = setTimeout(() => {
    look();
    watching = onRunBegun(window.workspace, log, restore);
  }, restoreAfter);
  const lenses = new WorkloadLenses();
  const registrations: vscode.Disposable[] = [
    ...names.map((name) => vscode.commands.registerCommand(`procession.${name}`, guarded(log, async (...given) => (await faces()).commands[name]?.(given)))),
    window.runs.onDidChange(() => {
      if (!loading && window.runs.all().some(({ open }) => isWorkloadRun(open.description()))) void faces();
    }),
    vscode.tasks.registerTaskProvider(taskType, new WorkloadTasks(window)),
    followTasks(async () => (await faces()).workloads, log),
    vscode.workspace.onDidGrantWorkspaceTrust(look),
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
      watching?.dispose();
      for (const registration of registrations) registration.dispose();
      void loading?.then((loaded) => loaded.dispose());
    },
  };
}
