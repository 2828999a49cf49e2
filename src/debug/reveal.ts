import * as vscode from 'vscode';
import { within } from '../launch/within';

/** ms that a session has to say where it stands */
const patience = 5_000;

interface Frame {
  line: number;
  source?: { path?: string; sourceReference?: number };
}

/** Shows where a session stands: its frame, its place in the call stack. */
export async function reveal(session: vscode.DebugSession, thread: number | undefined): Promise<void> {
  await vscode.commands.executeCommand('workbench.debug.action.focusCallStackView');
  if (thread === undefined) return;
  const { stackFrames } = await within(patience, session.name, session.customRequest('stackTrace', { threadId: thread, startFrame: 0, levels: 1 })) as { stackFrames: Frame[] };
  const [top] = stackFrames;
  if (!top?.source) return;
  const { path, sourceReference } = top.source;
  // In a remote window the editor has made the path a URI.
  const uri = sourceReference ? vscode.debug.asDebugSourceUri(top.source, session) : path === undefined ? undefined : /^[\w+.-]+:\/\//.test(path) ? vscode.Uri.parse(path) : vscode.Uri.file(path);
  const at = new vscode.Position(Math.max(0, top.line - 1), 0);
  if (uri) await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at), preview: true });
}
