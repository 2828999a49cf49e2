import { realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import * as vscode from 'vscode';

const real = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};

/** Whether an absolute path is that of a folder of the workspace or of something in it, by either name where a folder is a link. */
export function isInWorkspace(path: string): boolean {
  const folders = (vscode.workspace.workspaceFolders ?? []).flatMap(({ uri }) => [uri.fsPath, real(uri.fsPath)]);
  return folders.some((folder) => resolve(path) === folder || resolve(path).startsWith(folder + sep));
}
