import { dirname, resolve } from 'node:path';
import * as vscode from 'vscode';

export const suffix = '.workload.json';

/** A workload file as a task or a launch configuration names it. */
export const workloadPath = (file: string, folder = vscode.workspace.workspaceFolders?.[0]): string => resolve(folder?.uri.fsPath ?? '.', file);

/** The workload files of the workspace. */
export const workloadFiles = (): Thenable<vscode.Uri[]> => vscode.workspace.findFiles(`**/*${suffix}`, '**/{node_modules,.git,.venv}/**', 1000);

/** A workload file, and the function in a file that it names as `/path/of/file.py:function`. */
export interface Target {
  uri: vscode.Uri;
  target: string;
  interpreter: string | undefined;
}

async function targetOf(uri: vscode.Uri): Promise<Target[]> {
  try {
    const { run } = JSON.parse(new TextDecoder().decode(await vscode.workspace.fs.readFile(uri))) as { run?: { python?: unknown; node?: unknown; interpreter?: unknown } };
    const target = run?.python ?? run?.node;
    if (typeof target !== 'string') return [];
    const colon = target.lastIndexOf(':');
    const place = target.slice(0, colon);
    const file = /\.(py|[cm]?[jt]s)$/.test(place) ? place : `${place.replaceAll('.', '/')}.py`;
    return [{ uri, target: `${resolve(dirname(uri.fsPath), file)}:${target.slice(colon + 1)}`, interpreter: typeof run?.interpreter === 'string' ? run.interpreter : undefined }];
  } catch {
    // Half written, or no workload: the run says so better.
    return [];
  }
}

/** The workload files that run functions of a file. */
export async function targetsIn(path: string): Promise<Target[]> {
  const targets = await Promise.all((await workloadFiles()).map(targetOf));
  return targets.flat().filter(({ target }) => target.startsWith(`${path}:`));
}

/** The workload files that run a function. */
export async function filesOf(path: string, name: string): Promise<vscode.Uri[]> {
  return (await targetsIn(path)).filter(({ target }) => target === `${path}:${name}`).map(({ uri }) => uri);
}
