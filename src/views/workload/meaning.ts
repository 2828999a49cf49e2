import * as vscode from 'vscode';
import { HumanError } from '../../core/errors';
import { chosenRows, whichWasMeant, type Given } from '../tree/treeSelection';
import type { Element } from '../tree/elements';
import { runOf, type Failure } from '../tree/rows';
import type { Followed } from './run/followed';
import type { Workloads } from './run/workloads';

export const isElement = (given: unknown): given is Element => typeof given === 'object' && given !== null && 'row' in given;

/** Which workloads and tasks a command is meant for: those of the rows given or selected, else those that the person picks. */
export class Meaning {
  constructor(private readonly followed: Workloads, private readonly view: vscode.TreeView<Element>) {}

  #rows(given: readonly unknown[]): readonly Element[] | 'lost' {
    return chosenRows(given as Given, this.view.selection);
  }

  /** The workloads of the rows, or that of an id; `live`: those that have ended can't be meant. Rejects with a cancellation when the person gives up. */
  async workloads(given: readonly unknown[], live = false): Promise<Followed[]> {
    const [first] = given;
    const rows = typeof first === 'string' ? [] : this.#rows(given);
    const ids = new Set(typeof first === 'string' ? [first] : rows === 'lost' ? [] : rows.map(({ row }) => runOf(row)));
    const found = [...ids].flatMap((id) => this.followed.get(id) ?? []);
    const meant = found.filter(({ isLive }) => isLive || !live);
    if (meant.length) return meant;
    if (first) throw new HumanError(found[0] ? `${found[0].name} is not running.` : 'That workload is in the view no more. Nothing was done.');
    return this.#pick(live, rows === 'lost');
  }

  async #pick(live: boolean, lost: boolean): Promise<Followed[]> {
    const all = this.followed.all().filter(({ isLive }) => isLive || !live).reverse();
    if (all.length === 0) throw new HumanError(live ? 'No workload is running.' : 'There is no workload in the view. Start one with "Procession: Run Across Cores…".');
    if (all.length === 1) return all;
    const picked = await vscode.window.showQuickPick(all.map((one) => ({ label: one.name, description: one.directory, one })), { placeHolder: lost ? whichWasMeant('workload') : 'Workload' });
    return [picked?.one ?? cancelled()];
  }

  /** The failed tasks of the rows, by their workload; a task that is picked where the row was lost. */
  async tasks(given: readonly unknown[]): Promise<[Followed, Failure[]][]> {
    const rows = this.#rows(given);
    const tasks = new Map<Followed, Failure[]>();
    for (const { row } of rows === 'lost' ? [] : rows) {
      const followed = row.kind === 'task' ? this.followed.get(row.run) : undefined;
      if (followed && row.kind === 'task') tasks.set(followed, [...(tasks.get(followed) ?? []), row.task]);
    }
    if (tasks.size) return [...tasks];
    if (given[0]) throw new HumanError('That row is of a workload that is in the view no more, or no failed task. Nothing was done.');
    const [followed, task] = await this.#pickTask(rows === 'lost');
    return [[followed, [task]]];
  }

  /** The one failed task that is meant: that of the row itself, though others may be selected. */
  async task(given: readonly unknown[]): Promise<[Followed, Failure]> {
    const [[followed, tasks] = cancelled()] = await this.tasks(given.slice(0, 1));
    return [followed, tasks[0] ?? cancelled()];
  }

  async #pickTask(lost: boolean): Promise<[Followed, Failure]> {
    const items = this.followed.all().flatMap((followed) => [...followed.failures.values()].map((task) => ({ label: `row ${task.i}`, description: `${task.error.type}: ${task.error.message}`, detail: followed.name, one: [followed, task] as [Followed, Failure] })));
    if (!items.length) throw new HumanError('No workload in the view has a failed task.');
    const picked = await vscode.window.showQuickPick(items, { matchOnDescription: true, matchOnDetail: true, placeHolder: lost ? whichWasMeant('task') : 'Failed task' });
    return picked?.one ?? cancelled();
  }
}

const cancelled = (): never => {
  throw new vscode.CancellationError();
};
