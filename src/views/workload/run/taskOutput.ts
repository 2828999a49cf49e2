import * as vscode from 'vscode';
import { HumanError } from '../../../core/errors';
import { parsed } from '../../../core/json';
import { openRegularLater } from '../../../observe/record/regularFile';
import { logOf, outputOf } from '../../../workload/protocol';
import type { TaskEntry } from '../../../workload/journal/journalIndex';
import type { Followed } from './followed';

export const taskOutputScheme = 'procession-task';
/** Bytes of a task's output that are shown, from its start. */
const most = 4 * 1024 * 1024;

/** A piece of what a worker has printed. */
interface Part {
  stream: 'stdout' | 'stderr' | 'output';
  worker: number;
  from: number;
  to: number;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isPart = (value: unknown): value is Part => {
  const { stream, worker, from, to } = (value ?? {}) as Record<string, unknown>;
  return ['stdout', 'stderr', 'output'].includes(stream as string) && [worker, from, to].every(isCount);
};

async function read(directory: string, { stream, worker, from, to }: Part): Promise<string> {
  const path = (stream === 'stdout' ? outputOf : logOf)(directory, worker);
  const file = await openRegularLater(path);
  try {
    const length = Math.min(Math.max(0, to - from), most);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
    return `── ${stream} ──\n${buffer.toString('utf8', 0, bytesRead)}${length < to - from ? `\n… ${to - from - length} bytes more in ${path}` : ''}`;
  } finally {
    await file.close();
  }
}

/** What single tasks printed, as read-only documents. Anybody can make a URI: only what workers of runs of this window have printed is shown. */
export const taskOutputs = (directoryOf: (run: string) => string | undefined): vscode.TextDocumentContentProvider => ({
  provideTextDocumentContent: async ({ query }) => {
    const { run, parts } = parsed<{ run?: unknown; parts?: unknown }>(query) ?? {};
    const directory = typeof run === 'string' ? directoryOf(run) : undefined;
    if (directory === undefined || !Array.isArray(parts)) return '';
    return (await Promise.all(parts.filter(isPart).map((part) => read(directory, part)))).join('\n');
  },
});

/** Opens what a task printed. */
export async function showOutput({ id, name }: Followed, { i, w, log, facts }: TaskEntry): Promise<void> {
  const parts: Part[] = [
    ...(facts?.out ? [{ stream: 'stdout', worker: w, from: facts.out[0], to: facts.out[1] } as const] : []),
    ...(log[1] > log[0] ? [{ stream: facts?.out ? 'stderr' : 'output', worker: w, from: log[0], to: log[1] } as const] : []),
  ];
  if (parts.length === 0) throw new HumanError(`Row ${i} has printed nothing.`);
  const uri = vscode.Uri.from({ scheme: taskOutputScheme, path: `/row ${i} of ${name}.log`, query: JSON.stringify({ run: id, parts }) });
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
}

/** Opens all that a worker's tasks have printed. */
export async function showWorkerLog(directory: string, worker: number): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.file(logOf(directory, worker)), { preview: true });
}
