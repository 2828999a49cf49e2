import * as vscode from 'vscode';
import type { ScopedBreakpoints } from './scopedBreakpoints';

const files = ['python', 'javascript', 'typescript', 'javascriptreact', 'typescriptreact'].map((language) => ({ language, scheme: 'file' }));

/** Shows over the line of a scoped breakpoint what it is scoped to; a click removes the scope. */
export class ScopeLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly onDidChangeCodeLenses: vscode.Event<void>;
  readonly #registration: vscode.Disposable;

  constructor(private readonly scoped: ScopedBreakpoints) {
    this.onDidChangeCodeLenses = scoped.onDidChange;
    this.#registration = vscode.languages.registerCodeLensProvider(files, this);
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    return this.scoped.of(uri).map(({ line, words }) => new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
      title: `$(debug-breakpoint-conditional) breaks only in ${words} · remove`, tooltip: 'Break in all processes again',
      command: 'procession.breakEverywhere', arguments: [{ uri, lineNumber: line + 1 }],
    }));
  }

  dispose(): void {
    this.#registration.dispose();
  }
}
