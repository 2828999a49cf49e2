import { join } from 'node:path';
import * as vscode from 'vscode';
import type { ProcessionApi } from './api';
import { warnOfPorts } from './debug/portWarning';
import { registerDebugging } from './debug/debugRegister';
import { stillNews } from './observe/record/archive';
import { isSame } from './observe/system/identity';
import { isShownElsewhere } from './observe/record/lease';
import { liveRunsFolders } from './observe/record/runDirectory';
import { Archive } from './views/archive';
import { guarded } from './views/commands/commandErrors';
import { Commands, nameOf } from './views/commands/commands';
import { DisposableStore } from './views/disposables';
import { Explanations } from './views/insight/explain';
import { noticeHangs } from './views/insight/notice';
import { followFindings } from './views/insight/problems';
import { bindRuns, launchRun, type Window } from './views/commands/launchRun';
import { Observation } from './views/observation';
import { Outputs, outputScheme } from './views/output';
import { ProcessTree } from './views/tree/processTree';
import { RunStore, type WindowRun } from './views/runStore';
import { workloadPath } from './views/workload/results/find';
import { registerWorkloads } from './views/workload/run/workloadRegister';

/** Builds the objects of the window and connects them. */
export function activate(context: vscode.ExtensionContext): ProcessionApi {
  const store = new DisposableStore();
  context.subscriptions.push(store);
  const log = store.add(vscode.window.createOutputChannel('Procession', { log: true }));
  const dist = join(context.extensionPath, 'dist');
  const kept = join(context.globalStorageUri.fsPath, 'runs');
  const archive = new Archive(dist, kept);
  const runs = store.add(new RunStore(log, archive));
  const place = vscode.workspace.workspaceFile ?? vscode.workspace.workspaceFolders?.[0]?.uri;
  const window: Window = { runs, dist, workspace: place?.toString() ?? 'no folder', nameless: place === undefined };

  const observation = store.add(new Observation(window, log));

  const tree = store.add(new ProcessTree(runs, (id) => runs.get(id)?.open.description().name));
  const view = store.add(vscode.window.createTreeView('procession.processes', { treeDataProvider: tree, canSelectMany: true, showCollapseAll: true }));
  tree.attach(view);
  const outputs = store.add(new Outputs((run) => runs.directoryOf(run)));
  store.add(vscode.workspace.registerTextDocumentContentProvider(outputScheme, outputs));
  const explanations = store.add(new Explanations(dist));
  const commands = new Commands({ window, outputs, explanations, tree, view, log, memory: context.workspaceState });
  store.add(commands.register());

  store.add(followFindings(runs));
  store.add(noticeHangs(runs, { nameOf, show: (_, finding) => commands.showFinding(finding), stop: guarded(log, (run) => commands.stop(run as WindowRun)) }));

  const workloads = store.add(registerWorkloads({ window, tree, view, commands, log }));

  store.add(registerDebugging({
    window, tree, view, log,
    launch: async (options, folder, ways) => {
      if (options.workload !== undefined) return workloads.start(workloadPath(options.workload, folder));
      const run = await launchRun(window, options, folder, ways);
      if (run.open.description().console === 'internalConsole') outputs.channel(run, nameOf(run)).show();
      return run;
    },
    stop: (run) => commands.stop(run),
    giveUp: (run) => observation.giveUp(run),
  }));

  store.add(warnOfPorts(context.globalState, dist));

  const before = context.workspaceState.get<string>(hostKey);
  void context.workspaceState.update(hostKey, runs.self);
  const look = async (until = Date.now() + leaving): Promise<void> => {
    if (!vscode.workspace.isTrusted) return;
    const isLeaving = window.nameless && before !== undefined && isSame(before) && Date.now() < until;
    try {
      await pickUp(window, kept);
      observation.look();
      await observation.endLeftBehind();
      if (!isLeaving) await archive.prune();
    } catch (error) {
      log.error(error as Error);
    }
    if (isLeaving) later(() => void look(until), lookEvery);
  };
  const later = (act: () => void, ms: number): void => {
    const timer = setTimeout(act, ms);
    store.add({ dispose: () => clearTimeout(timer) });
  };
  // The editor's start does not wait for the disk.
  later(() => void look(), 0);
  tellTrust();
  store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => {
    tellTrust();
    void look();
  }));
  store.add(vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration('procession.onClose') || event.affectsConfiguration('procession.stopTimeout')) bindRuns(window);
  }));
  return {
    getRuns: () => runs.reports(),
    launch: async (options) => (await launchRun(window, options)).open.id,
    onDidChange: (listener) => runs.onDidChange(listener),
  };
}

/** For the welcome of the view. VS Code's own `isWorkspaceTrusted` is false while a window starts, also in a folder that is trusted. */
function tellTrust(): void {
  void vscode.commands.executeCommand('setContext', 'procession.trust', vscode.workspace.isTrusted ? 'trusted' : 'untrusted');
}

/** Remembers the process of the window's extensions: after a reload, that of the window before. */
const hostKey = 'procession.host';
/** ms that it may take to go, in which a window without a folder looks every so many ms whether its runs are free. */
const leaving = 15_000;
const lookEvery = 1_000;

/** Finds the runs that this workspace has going, or had in the window before: it may have been reloaded, or have crashed. */
async function pickUp(window: Window, archive: string): Promise<void> {
  const { runs, workspace, nameless } = window;
  const now = Date.now();
  const known = new Set(runs.all());
  const isOurs = (directory: string): boolean => !nameless || !isShownElsewhere(directory, runs.self);
  for (const folder of liveRunsFolders()) await runs.restore(folder, workspace, (_, directory) => isOurs(directory));
  await runs.restore(archive, workspace, ({ startedAt }, directory) => now - startedAt < stillNews && isOurs(directory));
  const found = runs.all().filter((run) => !known.has(run));
  if (found.length) bindRuns(window);
}
