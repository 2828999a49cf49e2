import { isAbsolute } from 'node:path';
import * as vscode from 'vscode';
import { HumanError } from '../core/errors';
import { forMessage } from '../core/escapes';
import { isInWorkspace } from './inWorkspace';

/** A path of another machine: to look for it there would tell that machine who asks. */
const isElsewhere = (file: string): boolean => /^[\\/]{2}/.test(file);

/**
 * Opens a place in the source. Programs and records name it, and links call this, so nothing is taken on trust: what is not of the workspace
 * is opened when the person says so.
 */
export async function openLocation(location?: { file?: unknown; line?: unknown }): Promise<void> {
  const { file, line } = location ?? {};
  if (typeof file !== 'string' || !isAbsolute(file) || typeof line !== 'number' || !(line >= 1)) throw new HumanError('That place in the source is not known.');
  if (isElsewhere(file)) throw new HumanError(`${file} lies on another machine. Open it there, or by hand.`);
  if (!isInWorkspace(file)) {
    const open = 'Open';
    const answer = await vscode.window.showWarningMessage(forMessage(`Open ${file}? It is not in the workspace: the program named it.`), open);
    if (answer !== open) return;
  }
  const at = new vscode.Position(Math.floor(line) - 1, 0);
  await vscode.window.showTextDocument(vscode.Uri.file(file), { selection: new vscode.Range(at, at), preview: true });
}
