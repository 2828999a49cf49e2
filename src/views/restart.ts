import * as vscode from 'vscode';

/** Starts the debug session of a configuration once more. Keys with underscores are notes on the session before, the editor's and ours. */
export async function startAgain(options: object, folder: vscode.WorkspaceFolder | undefined): Promise<void> {
  const configuration = Object.fromEntries(Object.entries(options).filter(([key]) => !key.startsWith('__')));
  await vscode.debug.startDebugging(folder, configuration as vscode.DebugConfiguration);
}
