import * as vscode from 'vscode';
import { HumanError } from '../../core/errors';
import type { Element } from '../processTree';
import { debugFile, debugFunction } from './debugRow';
import { suffix } from './find';
import type { Followed } from './followed';
import { followProblems } from './problems';
import { functionUnderCursor, workloadFileOf, type FunctionOf } from './starting';
import { followInNotification, followInStatusBar, tellEnd } from './statusItem';
import { ResultsTable } from './table';
import { TableActions } from './tableActions';
import { showOutput, showWorkerLog, taskOutputs, taskOutputScheme } from './taskOutput';
import { Workloads, type WorkloadContext } from './workloads';
import type { Failure, Row } from '../rows';

/** Everything that shows and steers workloads; loaded when there is one. */
export class WorkloadFaces implements vscode.Disposable {
  readonly workloads: Workloads;
  readonly #actions: TableActions;
  readonly #tables = new Map<string, ResultsTable>();
  readonly #subscriptions: vscode.Disposable;

  constructor(private readonly context: WorkloadContext & { view: vscode.TreeView<Element> }) {
    this.workloads = new Workloads(context);
    this.#actions = new TableActions(this.workloads);
    this.#subscriptions = vscode.Disposable.from(
      this.workloads, followProblems(this.workloads), followInStatusBar(this.workloads),
      vscode.workspace.registerTextDocumentContentProvider(taskOutputScheme, taskOutputs),
      this.workloads.onDidEnd((followed) => void this.#ended(followed)),
    );
  }

  /** The commands, by their names without `procession.`. */
  readonly commands: Record<string, (given?: unknown) => Promise<unknown>> = {
    runAcrossCores: (given) => this.runAcrossCores(given),
    debugRow: (given) => this.#debugRow(given),
    openResults: async (given) => this.openResults(await this.#meant(given)),
    pauseWorkload: async (given) => this.workloads.control(await this.#meant(given, true), { do: 'pause' }),
    continueWorkload: async (given) => this.workloads.control(await this.#meant(given, true), { do: 'resume' }),
    stopWorkloadNow: async (given) => this.workloads.control(await this.#meant(given, true), { do: 'stopNow' }),
    resumeWorkload: async (given) => this.workloads.goOn(await this.#meant(given), ['--resume']),
    runWorkloadAgain: async (given) => this.#runAgain(await this.#meant(given)),
    retryFailed: async (given) => this.#actions.retryFailed(await this.#meant(given)),
    retryTask: async (given) => {
      const task = taskOf(given);
      await this.workloads.again(await this.#meant(given), task ? [task.i] : []);
    },
    goToFailure: (given) => {
      const { file, line } = taskOf(given)?.error ?? {};
      return Promise.resolve(vscode.commands.executeCommand('procession.openLocation', { file, line }));
    },
  };

  /** Starts the workload that is meant: a file, that of a function, that of the active editor, or one that is picked. */
  async runAcrossCores(given?: unknown): Promise<string | undefined> {
    const file = await workloadFileOf(given instanceof vscode.Uri || isFunction(given) ? given : undefined);
    return file === undefined ? undefined : this.start(file);
  }

  /** Starts a workload file. Resolves with the id of its run. */
  async start(file: string): Promise<string> {
    const id = (await this.workloads.start(file)).open.id;
    const followed = this.workloads.get(id);
    if (followed) followInNotification(this.workloads, followed);
    return id;
  }

  async #runAgain({ workload }: Followed): Promise<void> {
    if (!workload?.file) throw new HumanError('This workload was given on the command line, not in a file. Start it there again.');
    await this.start(workload.file);
  }

  async #debugRow(given: unknown): Promise<void> {
    const { dist } = this.context.window;
    const task = taskOf(given);
    if (task) return this.#actions.debug(await this.#meant(given), task.i, task.rowText);
    const active = vscode.window.activeTextEditor?.document.uri;
    const target = isFunction(given) ? given : functionUnderCursor();
    const file = given instanceof vscode.Uri ? given : active;
    if (file?.fsPath.endsWith(suffix) && !isFunction(given)) return debugFile(file.fsPath, dist);
    if (!target) throw new HumanError('Put the cursor on a Python function or an exported Node function that takes an argument, or open a *.workload.json.');
    await debugFunction(target, dist);
  }

  openResults(followed: Followed): void {
    const known = this.#tables.get(followed.id);
    if (known) return known.show();
    this.#tables.set(followed.id, new ResultsTable(followed, this.workloads, this.#actions, () => this.#tables.delete(followed.id)));
  }

  async #ended(followed: Followed): Promise<void> {
    const answer = await tellEnd(followed);
    const now = this.workloads.get(followed.id);
    if (answer === 'Open Results' && now) this.openResults(now);
    if (answer === 'Resume' && now) await vscode.commands.executeCommand('procession.resumeWorkload', now.id);
    if (answer === 'Retry Failed' && now) await vscode.commands.executeCommand('procession.retryFailed', now.id);
  }

  /** What Show Output means for rows of a workload. */
  async showOutput(row: Row): Promise<boolean> {
    const followed = this.workloads.get(row.kind === 'run' ? row.report.run.id : row.run);
    if (!followed) return false;
    const worker = row.kind === 'member' ? /^worker (\d+)$/.exec(row.member.name)?.[1] : undefined;
    if (worker !== undefined) await showWorkerLog(followed.directory, Number(worker));
    else if (row.kind === 'task') await showOutput(followed, row.task);
    else if (row.kind === 'run') this.openResults(followed);
    else return false;
    return true;
  }

  /** The workload of a row or an id; else the selected one, the only one, or one that is picked. */
  async #meant(given: unknown, live = false): Promise<Followed> {
    const row = isElement(given) ? given.row : typeof given === 'string' ? undefined : this.context.view.selection[0]?.row;
    const id = typeof given === 'string' ? given : row?.kind === 'run' ? row.report.run.id : row?.run;
    const found = id === undefined ? undefined : this.workloads.get(id);
    if (found) return found;
    const all = this.workloads.all().filter(({ isLive }) => isLive || !live).reverse();
    const [only] = all;
    if (!only) throw new HumanError(live ? 'No workload is running.' : 'There is no workload in the view. Start one with "Procession: Run Across Cores…".');
    if (all.length === 1) return only;
    const picked = await vscode.window.showQuickPick(all.map((followed) => ({ label: followed.name, description: followed.directory, followed })), { placeHolder: 'Workload' });
    return picked?.followed ?? Promise.reject(new vscode.CancellationError());
  }

  dispose(): void {
    for (const table of [...this.#tables.values()]) table.dispose();
    this.#subscriptions.dispose();
  }
}

const isElement = (given: unknown): given is Element => typeof given === 'object' && given !== null && 'row' in given;
const isFunction = (given: unknown): given is FunctionOf => typeof given === 'object' && given !== null && typeof (given as FunctionOf).file === 'string' && typeof (given as FunctionOf).name === 'string';
const taskOf = (given: unknown): Failure | undefined => (isElement(given) && given.row.kind === 'task' ? given.row.task : undefined);
