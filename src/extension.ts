import { join } from 'node:path';
import * as vscode from 'vscode';
import type { ProcessionApi } from './api';
import { registerDebugging } from './debug/register';
import { pruneRuns, stillNews, type Keep } from './observe/archive';
import { isSame } from './observe/identity';
import { liveRunsFolder } from './observe/runDirectory';
import { Commands, nameOf } from './views/commands';
import { DisposableStore } from './views/disposables';
import { bindRuns, launchRun, resumeObservation, type Window } from './views/launchRun';
import { Outputs, outputScheme } from './views/output';
import { ProcessTree } from './views/processTree';
import { RunStore } from './views/runStore';
import { workloadPath } from './views/workload/find';
import { registerWorkloads } from './views/workload/register';

/** Builds the objects of the window and connects them. */
export function activate(context: vscode.ExtensionContext): ProcessionApi {
  const store = new DisposableStore();
  context.subscriptions.push(store);
  const log = store.add(vscode.window.createOutputChannel('Procession', { log: true }));
  const runs = store.add(new RunStore(log, archiveOf(context)));
  const workspace = vscode.workspace.workspaceFile?.toString() ?? vscode.workspace.workspaceFolders?.[0]?.uri.toString() ?? 'no folder';
  const window: Window = { runs, dist: join(context.extensionPath, 'dist'), workspace };

  const tree = store.add(new ProcessTree(runs, (id) => runs.get(id)?.open.description().name));
  const view = store.add(vscode.window.createTreeView('procession.processes', { treeDataProvider: tree, canSelectMany: true, showCollapseAll: true }));
  tree.attach(view);
  const outputs = store.add(new Outputs((run) => runs.get(run)?.open.directory));
  store.add(vscode.workspace.registerTextDocumentContentProvider(outputScheme, outputs));
  const commands = new Commands({ window, outputs, tree, view, log, memory: context.workspaceState });
  store.add(commands.register());

  const workloads = store.add(registerWorkloads({ window, tree, view, commands, log }));

  store.add(registerDebugging({
    window, tree, view, log,
    launch: async (options, folder, external) => {
      if (options.workload !== undefined) return workloads.start(workloadPath(options.workload, folder));
      const run = await launchRun(window, options, folder, external);
      if (run.open.description().console === 'internalConsole') outputs.channel(run, nameOf(run)).show();
      return run;
    },
    stop: (run) => commands.stop(run),
  }));

  const look = (): void => {
    if (!vscode.workspace.isTrusted) return;
    try {
      pickUp(window, archiveOf(context), log);
    } catch (error) {
      log.error(error as Error);
    }
  };
  // The editor's start does not wait for the disk.
  const soon = setImmediate(look);
  store.add({ dispose: () => clearImmediate(soon) });
  store.add(vscode.workspace.onDidGrantWorkspaceTrust(look));
  store.add(vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration('procession.onClose')) bindRuns(window);
  }));
  return {
    getRuns: () => runs.reports(),
    launch: async (options) => (await launchRun(window, options)).open.id,
    onDidChange: (listener) => runs.onDidChange(listener),
  };
}

/** Where runs are kept that have ended. */
const archiveOf = (context: vscode.ExtensionContext): string => join(context.globalStorageUri.fsPath, 'runs');

/** Finds the runs that this workspace has going, or had in the window before: it may have been reloaded, or have crashed. Then makes room. */
function pickUp(window: Window, archive: string, log: vscode.LogOutputChannel): void {
  const now = Date.now();
  window.runs.restore(liveRunsFolder(), window.workspace);
  window.runs.restore(archive, window.workspace, ({ startedAt }) => now - startedAt < stillNews);
  for (const run of window.runs.all()) resumeObservation(window, run, isSame).catch((error: unknown) => log.error(error as Error));
  bindRuns(window);
  const keep = vscode.workspace.getConfiguration('procession').get<Keep>('keepRuns') ?? { runs: 50, megabytes: 200, days: 14 };
  for (const folder of [archive, liveRunsFolder()]) {
    for (const run of pruneRuns(folder, keep, now)) log.info(`removed the record of an old run: ${run}`);
  }
}
