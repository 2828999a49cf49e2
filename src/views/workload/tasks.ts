import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { HumanError, messageOf } from '../../core/errors';
import { commandLine } from '../../launch/launchSpecFile';
import { listRunsOf, readProgress, runsOf } from '../../workload/journal/folders';
import type { Window } from '../commands/launchRun';
import { surroundingsOf, userEnvironment, windowEnvironment } from '../surroundings';
import { suffix, workloadFiles, workloadPath } from './results/find';
import { mapEnvironment } from './launch';
import type { Workloads } from './run/workloads';

export const taskType = 'procession';

interface Definition extends vscode.TaskDefinition {
  workload: string;
  resume?: boolean;
  retryFailed?: boolean;
}

/** Offers every workload file as a task, and carries out those of tasks.json. The exit status is that of `procession map`. */
export class WorkloadTasks implements vscode.TaskProvider {
  constructor(private readonly window: Window) {}

  async provideTasks(): Promise<vscode.Task[]> {
    const files = await workloadFiles();
    return Promise.all(files.map((uri) => this.#task({ type: taskType, workload: vscode.workspace.asRelativePath(uri, false) }, vscode.workspace.getWorkspaceFolder(uri))));
  }

  resolveTask(task: vscode.Task): Promise<vscode.Task> {
    const folder = typeof task.scope === 'object' ? task.scope : undefined;
    return this.#task(task.definition as Definition, folder);
  }

  async #task(definition: Definition, folder = vscode.workspace.workspaceFolders?.[0]): Promise<vscode.Task> {
    const file = workloadPath(definition.workload, folder);
    const flags = [...(definition.resume ? ['--resume'] : []), ...(definition.retryFailed ? ['--retry-failed'] : [])];
    const { file: program, args, env } = commandLine(join(this.window.dist, 'cli.js'), ['map', file, '--summary', '--no-print', ...flags]);
    // What is the same in all of the window's processes need not be said.
    const known = windowEnvironment();
    const own = Object.fromEntries(Object.entries(mapEnvironment(dirname(file), this.window.workspace, await surroundingsOf(folder))).flatMap(([name, value]) => (value === undefined || known[name] === value ? [] : [[name, value]])));
    const execution = new vscode.ProcessExecution(program, args, { cwd: dirname(file), env: { ...env, ...own } });
    return new vscode.Task(definition, folder ?? vscode.TaskScope.Workspace, basename(file, suffix), taskType, execution);
  }
}

/** ms that the run directory of a task has to appear. */
const patience = 10_000;

/** The run directory that a process of `procession map` has made. */
async function runOf(file: string, pid: number): Promise<string | undefined> {
  for (let waited = 0; waited < patience; waited += 50) {
    const found = listRunsOf(runsOf(file, userEnvironment())).reverse().find((run) => existsSync(join(run, 'run.json')) && readProgress(run)?.runner.startsWith(`${pid}.`));
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  return undefined;
}

/** Shows the workloads of tasks in the tree as any other. */
export function followTasks(workloads: () => Promise<Workloads>, log: vscode.LogOutputChannel): vscode.Disposable {
  return vscode.tasks.onDidStartTaskProcess(({ execution: { task }, processId }) => {
    if (task.definition.type !== taskType || processId === undefined) return;
    const folder = typeof task.scope === 'object' ? task.scope : undefined;
    void (async () => {
      const run = await runOf(workloadPath((task.definition as Definition).workload, folder), processId);
      if (run) (await workloads()).take(run);
    })().catch((error: unknown) => (error instanceof HumanError ? log.warn(messageOf(error)) : log.error(error as Error)));
  });
}
