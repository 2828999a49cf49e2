import * as vscode from 'vscode';
import { stillNews } from '../../../observe/record/archive';
import { readDescription, writeDescription } from '../../../observe/record/runDirectory';
import { listAllRuns, onBell, runnerOf } from '../../../workload/journal/folders';
import { isInWorkspace } from '../../inWorkspace';
import { userEnvironment } from '../../surroundings';

/** ms between the beginning of a run and the look for it: several may begin at once */
const quiet = 100;

/**
 * The runs that this window is to show: those that the workspace has going or had in the window before, and those that
 * somebody has started in a terminal over files of the workspace, as long as they go on. The latter become the workspace's.
 */
export function runsHere(workspace: string): string[] {
  return listAllRuns(userEnvironment()).filter((directory) => {
    const description = readDescription(directory);
    if (!description || description.startedAt < Date.now() - stillNews) return false;
    if (description.workspace !== undefined) return description.workspace === workspace;
    if (!isInWorkspace(description.cwd) || runnerOf(directory) === undefined) return false;
    writeDescription(directory, { ...description, workspace });
    return true;
  });
}

/** Calls back with the runs that go on here after one has begun, whoever has started it. */
export function onRunBegun(workspace: string, log: vscode.LogOutputChannel, found: (directories: string[]) => void): vscode.Disposable {
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    timer = undefined;
    const directories = vscode.workspace.isTrusted ? runsHere(workspace).filter((directory) => runnerOf(directory) !== undefined) : [];
    if (directories.length) found(directories);
  };
  try {
    const watcher = onBell(userEnvironment(), () => (timer ??= setTimeout(look, quiet)));
    watcher.on('error', (error) => log.warn(`runs that are started in a terminal are not seen: ${error.message}`));
    return new vscode.Disposable(() => {
      clearTimeout(timer);
      watcher.close();
    });
  } catch (error) {
    log.warn(`runs that are started in a terminal are not seen: ${String(error)}`);
    return new vscode.Disposable(() => undefined);
  }
}
