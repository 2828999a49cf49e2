import * as vscode from 'vscode';
import { HumanError } from '../../core/errors';
import { openRegularLater } from '../../observe/regularFile';
import { logOf, outputOf } from '../../workload/protocol';
import type { TaskEntry } from '../../workload/journalIndex';
import type { Followed } from './followed';

export const taskOutputScheme = 'procession-task';
/** Bytes of a task's output that are shown, from its start. */
const most = 4 * 1024 * 1024;

type Part = [title: string, file: string, from: number, to: number];

async function read([title, path, from, to]: Part): Promise<string> {
  const file = await openRegularLater(path);
  try {
    const length = Math.min(to - from, most);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
    return `── ${title} ──\n${buffer.toString('utf8', 0, bytesRead)}${length < to - from ? `\n… ${to - from - length} bytes more in ${path}` : ''}`;
  } finally {
    await file.close();
  }
}

/** What single tasks printed, as read-only documents. */
export const taskOutputs: vscode.TextDocumentContentProvider = {
  provideTextDocumentContent: async (uri) => (await Promise.all((JSON.parse(uri.query) as Part[]).map(read))).join('\n'),
};

/** Opens what a task printed. */
export async function showOutput({ directory, name }: Followed, { i, w, log, facts }: TaskEntry): Promise<void> {
  const parts: Part[] = [
    ...(facts?.out ? [['stdout', outputOf(directory, w), ...facts.out] as Part] : []),
    ...(log[1] > log[0] ? [[facts?.out ? 'stderr' : 'output', logOf(directory, w), ...log] as Part] : []),
  ];
  if (parts.length === 0) throw new HumanError(`Row ${i} has printed nothing.`);
  const uri = vscode.Uri.from({ scheme: taskOutputScheme, path: `/row ${i} of ${name}.log`, query: JSON.stringify(parts) });
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
}

/** Opens all that a worker's tasks have printed. */
export async function showWorkerLog(directory: string, worker: number): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.file(logOf(directory, worker)), { preview: true });
}
