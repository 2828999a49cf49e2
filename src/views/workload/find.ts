import { dirname, resolve } from 'node:path';
import * as vscode from 'vscode';

export const suffix = '.workload.json';

/** The workload files of the workspace. */
export const workloadFiles = (): Thenable<vscode.Uri[]> => vscode.workspace.findFiles(`**/*${suffix}`, '**/{node_modules,.git,.venv}/**', 1000);

/** The function that a workload file names as `/path/of/file.py:function`, where it names one in a file. */
async function targetOf(uri: vscode.Uri): Promise<string | undefined> {
  try {
    const { run } = JSON.parse(new TextDecoder().decode(await vscode.workspace.fs.readFile(uri))) as { run?: { python?: unknown; node?: unknown } };
    const target = run?.python ?? run?.node;
    if (typeof target !== 'string') return undefined;
    const colon = target.lastIndexOf(':');
    const place = target.slice(0, colon);
    const file = /\.\w+$/.test(place) && /\.(py|[cm]?js)$/.test(place) ? place : `${place.replaceAll('.', '/')}.py`;
    return `${resolve(dirname(uri.fsPath), file)}:${target.slice(colon + 1)}`;
  } catch {
    // Half written, or no workload: the run says so better.
    return undefined;
  }
}

/** The workload files that run a function. */
export async function filesOf(path: string, name: string): Promise<vscode.Uri[]> {
  const files = await workloadFiles();
  const targets = await Promise.all(files.map(targetOf));
  return files.filter((_, index) => targets[index] === `${path}:${name}`);
}
