import * as vscode from 'vscode';
import { suffix, targetsIn } from './results/find';
import { functionsIn, type FunctionPlace } from './functions';
import { canRun, isTypeScript } from './typescript';

/** *Run across cores · Debug one row* above the functions that can be run over many rows. */
export class WorkloadLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #subscriptions = vscode.Disposable.from(
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('procession.codeLens')) this.#changed.fire();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => this.#changed.fire()),
    this.#watchWorkloads(),
  );

  /** A workload may name another Node, which runs TypeScript. */
  #watchWorkloads(): vscode.Disposable {
    const watcher = vscode.workspace.createFileSystemWatcher(`**/*${suffix}`);
    const fire = (): void => this.#changed.fire();
    return vscode.Disposable.from(watcher, watcher.onDidCreate(fire), watcher.onDidChange(fire), watcher.onDidDelete(fire));
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    if (!vscode.workspace.isTrusted || !vscode.workspace.getConfiguration('procession', document).get<boolean>('codeLens', true)) return [];
    const file = document.uri.fsPath;
    const functions = await runnable(file, functionsIn(file, document.getText()));
    return functions.flatMap(({ name, line }) => {
      const range = new vscode.Range(line, 0, line, 0);
      return [
        new vscode.CodeLens(range, { command: 'procession.runAcrossCores', title: 'Run across cores', tooltip: `Run ${name} over many rows on all cores`, arguments: [{ file, name }] }),
        new vscode.CodeLens(range, { command: 'procession.debugRow', title: 'Debug one row', tooltip: `Call ${name} with one row under the debugger`, arguments: [{ file, name }] }),
      ];
    });
  }

  dispose(): void {
    this.#subscriptions.dispose();
    this.#changed.dispose();
  }
}

/** Those that the Node of their workload can run, or the one that a new workload would get. */
async function runnable(file: string, functions: FunctionPlace[]): Promise<FunctionPlace[]> {
  if (!isTypeScript(file) || functions.length === 0) return functions;
  const targets = await targetsIn(file);
  const can = await Promise.all(functions.map(({ name }) => canRun(file, targets.find(({ target }) => target === `${file}:${name}`)?.interpreter)));
  return functions.filter((_, index) => can[index]);
}
