import * as vscode from 'vscode';
import { functionsIn } from './functions';

/** *Run across cores · Debug one row* above the functions that can be run over many rows. */
export class WorkloadLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #subscriptions = vscode.Disposable.from(
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('procession.codeLens')) this.#changed.fire();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => this.#changed.fire()),
  );

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!vscode.workspace.isTrusted || !vscode.workspace.getConfiguration('procession', document).get<boolean>('codeLens', true)) return [];
    const file = document.uri.fsPath;
    return functionsIn(file, document.getText()).flatMap(({ name, line }) => {
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
