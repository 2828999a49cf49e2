import { join } from 'node:path';
import * as vscode from 'vscode';
import { forMessage } from '../core/escapes';
import { aboutKey } from './kinds';
import { otherUsers, portRisk } from './otherUsers';

const told = 'procession.toldOfPorts';

/** Warns once, when a session begins where other users may reach its debugger. `memory` remembers across windows; `dist` holds the text that the link opens. */
export function warnOfPorts(memory: vscode.Memento, dist: string): vscode.Disposable {
  const subscription = vscode.debug.onDidStartDebugSession((session) => {
    if (session.configuration[aboutKey] === undefined) return;
    subscription.dispose();
    void tell(memory, dist);
  });
  if (memory.get(told)) subscription.dispose();
  return subscription;
}

async function tell(memory: vscode.Memento, dist: string): Promise<void> {
  const risk = portRisk(process.getuid?.() === 0, await otherUsers());
  if (risk === undefined || memory.get(told)) return;
  await memory.update(told, true);
  const more = 'What This Means';
  if (await vscode.window.showWarningMessage(forMessage(risk), more) !== more) return;
  await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.file(join(dist, 'security.md')).with({ fragment: 'debug-ports' }));
}
