import { join } from 'node:path';
import * as vscode from 'vscode';
import type { ProcessionApi } from './api';
import { Configurations, debugType } from './debug/configurations';
import { RunAdapter } from './debug/runAdapter';
import { isSame } from './observe/identity';
import { liveRunsFolder } from './observe/runDirectory';
import { Commands, nameOf } from './views/commands';
import { DisposableStore } from './views/disposables';
import { launchRun, resumeObservation, type Window } from './views/launchRun';
import { Outputs, outputScheme } from './views/output';
import { ProcessTree } from './views/processTree';
import { RunStore } from './views/runStore';

/** Builds the objects of the window and connects them. */
export function activate(context: vscode.ExtensionContext): ProcessionApi {
  const store = new DisposableStore();
  context.subscriptions.push(store);
  const log = store.add(vscode.window.createOutputChannel('Procession', { log: true }));
  const runs = store.add(new RunStore(log));
  const workspace = vscode.workspace.workspaceFile?.toString() ?? vscode.workspace.workspaceFolders?.[0]?.uri.toString() ?? 'no folder';
  const window: Window = { runs, dist: join(context.extensionPath, 'dist'), workspace };

  const tree = store.add(new ProcessTree(runs, (id) => runs.get(id)?.open.description().name));
  const view = store.add(vscode.window.createTreeView('procession.processes', { treeDataProvider: tree, canSelectMany: true, showCollapseAll: true }));
  tree.attach(view);
  const outputs = store.add(new Outputs());
  store.add(vscode.workspace.registerTextDocumentContentProvider(outputScheme, outputs));
  const commands = new Commands({ window, outputs, tree, view, log, memory: context.workspaceState });
  store.add(commands.register());

  for (const trigger of ['initial', 'dynamic'] as const) {
    const kind = trigger === 'initial' ? vscode.DebugConfigurationProviderTriggerKind.Initial : vscode.DebugConfigurationProviderTriggerKind.Dynamic;
    store.add(vscode.debug.registerDebugConfigurationProvider(debugType, new Configurations(trigger, log), kind));
  }
  store.add(vscode.debug.registerDebugAdapterDescriptorFactory(debugType, {
    createDebugAdapterDescriptor: (session) => new vscode.DebugAdapterInlineImplementation(new RunAdapter(session, {
      launch: async (options, folder, external) => {
        const run = await launchRun(window, options, folder, external);
        if (run.open.description().console === 'internalConsole') outputs.channel(run, nameOf(run)).show();
        return run;
      },
      stop: (run) => commands.stop(run),
      onDidChange: runs.onDidChange,
    })),
  }));

  if (vscode.workspace.isTrusted) pickUp(window, log);
  return {
    getRuns: () => runs.reports(),
    launch: async (options) => (await launchRun(window, options)).open.id,
    onDidChange: (listener) => runs.onDidChange(listener),
  };
}

/** Finds the runs that this workspace has going, or had in the window before: it may have been reloaded, or have crashed. */
function pickUp(window: Window, log: vscode.LogOutputChannel): void {
  window.runs.restore(liveRunsFolder(), window.workspace);
  for (const run of window.runs.all()) resumeObservation(window, run, isSame).catch((error: unknown) => log.error(error as Error));
}
