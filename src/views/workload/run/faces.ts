import * as vscode from 'vscode';
import { HumanError } from '../../../core/errors';
import { withAll } from '../../commands/commandErrors';
import type { Element } from '../../tree/elements';
import { mustTrust } from '../../trust';
import { debugFile, debugFunction } from './debugRow';
import { suffix } from '../results/find';
import type { Followed } from './followed';
import { isElement, Meaning } from '../meaning';
import { followProblems } from './problems';
import { functionUnderCursor, workloadFileOf, type FunctionOf } from './starting';
import { followInNotification, followInStatusBar, tellEnd } from './statusItem';
import { ResultsTable } from '../results/table';
import { TableActions } from '../results/tableActions';
import { showOutput, showWorkerLog, taskOutputs, taskOutputScheme } from './taskOutput';
import { Workloads, type WorkloadContext } from './workloads';
import { runOf, type Row } from '../../tree/rows';

/** Everything that shows and steers workloads; loaded when there is one. */
export class WorkloadFaces implements vscode.Disposable {
  readonly workloads: Workloads;
  readonly #actions: TableActions;
  readonly #meaning: Meaning;
  readonly #tables = new Map<string, ResultsTable>();
  readonly #subscriptions: vscode.Disposable;

  constructor(private readonly context: WorkloadContext & { view: vscode.TreeView<Element> }) {
    this.workloads = new Workloads(context);
    this.#actions = new TableActions(this.workloads);
    this.#meaning = new Meaning(this.workloads, context.view);
    this.#subscriptions = vscode.Disposable.from(
      this.workloads, followProblems(this.workloads), followInStatusBar(this.workloads),
      vscode.workspace.registerTextDocumentContentProvider(taskOutputScheme, taskOutputs((id) => this.workloads.get(id)?.directory)),
      this.workloads.onDidEnd((followed) => void this.#ended(followed)),
    );
  }

  /** The commands, by their names without `procession.`; each is given what VS Code passes to it. */
  readonly commands: Record<string, (given: readonly unknown[]) => Promise<unknown>> = {
    runAcrossCores: ([given]) => this.runAcrossCores(given),
    debugRow: (given) => this.#debugRow(given),
    openResults: (given) => this.#withMeant(given, (followed) => this.openResults(followed)),
    pauseWorkload: (given) => this.#withMeant(given, (followed) => this.workloads.control(followed, { do: 'pause' }), true),
    continueWorkload: (given) => this.#withMeant(given, (followed) => this.workloads.control(followed, { do: 'resume' }), true),
    stopWorkloadNow: (given) => this.#withMeant(given, (followed) => this.workloads.control(followed, { do: 'stopNow' }), true),
    resumeWorkload: (given) => this.#withMeant(given, (followed) => this.workloads.goOn(followed, ['--resume'])),
    runWorkloadAgain: (given) => this.#withMeant(given, (followed) => this.#runAgain(followed)),
    retryFailed: (given) => this.#withMeant(given, (followed) => this.#actions.retryFailed(followed)),
    retryTask: async (given) => withAll(await this.#meaning.tasks(given), ([followed, tasks]) => this.workloads.again(followed, tasks.map(({ i }) => i))),
    goToFailure: async (given) => {
      const { file, line } = (await this.#meaning.task(given))[1].error;
      await vscode.commands.executeCommand('procession.openLocation', { file, line });
    },
  };

  async #withMeant(given: readonly unknown[], act: (followed: Followed) => unknown, live = false): Promise<void> {
    await withAll(await this.#meaning.workloads(given, live), act);
  }

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

  async #debugRow(given: readonly unknown[]): Promise<void> {
    mustTrust('debug');
    const { dist } = this.context.window;
    const [first] = given;
    if (given.length > 0 && (isElement(first) || first === null || first === undefined)) {
      const [followed, task] = await this.#meaning.task(given);
      return this.#actions.debug(followed, task.i, task.rowText);
    }
    const active = vscode.window.activeTextEditor?.document.uri;
    const target = isFunction(first) ? first : functionUnderCursor();
    const file = first instanceof vscode.Uri ? first : active;
    if (file?.fsPath.endsWith(suffix) && !isFunction(first)) return debugFile(file.fsPath, dist);
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
    const followed = this.workloads.get(runOf(row));
    if (!followed) return false;
    const worker = row.kind === 'member' ? /^worker (\d+)$/.exec(row.member.name)?.[1] : undefined;
    if (worker !== undefined) await showWorkerLog(followed.directory, Number(worker));
    else if (row.kind === 'task') await showOutput(followed, row.task);
    else if (row.kind === 'run') this.openResults(followed);
    else return false;
    return true;
  }

  dispose(): void {
    for (const table of [...this.#tables.values()]) table.dispose();
    this.#subscriptions.dispose();
  }
}

const isFunction = (given: unknown): given is FunctionOf => typeof given === 'object' && given !== null && typeof (given as FunctionOf).file === 'string' && typeof (given as FunctionOf).name === 'string';
