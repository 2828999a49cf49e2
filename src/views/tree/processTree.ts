import * as vscode from 'vscode';
import type { ProcessRef } from '../../core/events';
import type { Member } from '../../core/members';
import { Drawn } from './drawn';
import { Elements, type Element } from './elements';
import { Redraws } from './redraws';
import { counts, countText, runRow, withDoing, type Row } from './rows';
import { tasksIn } from '../insight/now';
import { placesOf } from '../insight/words';
import { rowAccessibility, rowContext, rowIcon, rowLabel, rowTooltip } from './present';
import type { RunStore } from '../runStore';

/** In a bigger tree a row stays folded when its first child comes. */
const mostToUnfold = 60;

/** Everything that a row shows: when it changes, the row is out of date. */
function lookOf({ row }: Element): string {
  const { id, color } = rowIcon(row);
  return `${rowLabel(row)}\n${row.description}\n${rowContext(row)}\n${id} ${color?.id}\n${row.children.length > 0}`;
}

/** ms between two looks at what workers do */
const taskEvery = 1_000;
const noTasks: ReadonlyMap<ProcessRef, string> = new Map();

/** The view Processes: runs, their members, nested by logical parent. */
export class ProcessTree implements vscode.TreeDataProvider<Element>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<Element[] | undefined>();
  readonly #elements = new Elements();
  readonly #drawn = new Drawn(lookOf);
  readonly #redraws = new Redraws((lost) => this.#draw(lost));
  /** what VS Code was told to draw */
  #told: 'all' | ReadonlySet<Element> = 'all';
  #view: vscode.TreeView<Element> | undefined;
  #lookAgain: NodeJS.Timeout | undefined;
  /** What began while this window was there is drawn open, even if it was over before it could be drawn. */
  readonly #since = Date.now();
  readonly #subscription: vscode.Disposable;

  readonly onDidChangeTreeData = this.#changed.event;

  /** What a debugger does with a member, in words; empty where there is none. Set by debugging. */
  debugState: (run: string, member: Member) => string = () => '';

  /** Gives the rows of a run another shape: those of a workload. */
  shape: (row: Row) => Row = (row) => row;

  constructor(private readonly runs: RunStore, private readonly nameOfRun: (id: string) => string | undefined) {
    this.#subscription = runs.onDidChange(() => this.update());
  }

  /** Connects the view, whose visibility sets the pace and whose badge counts the living. */
  attach(view: vscode.TreeView<Element>): void {
    this.#view = view;
    this.runs.attend(view.visible ? 'visible' : 'hidden');
    view.onDidChangeVisibility(({ visible }) => {
      this.runs.attend(visible ? 'visible' : 'hidden');
      this.update();
    });
    this.update();
  }

  /** Something has changed: what is shown is compared with what is known, soon. */
  update(): void {
    this.#redraws.request();
  }

  /** Has the difference drawn between what VS Code shows and what is known. No rows are made while nobody sees them. */
  #draw(lost: boolean): number {
    this.#badge();
    if (!this.#view?.visible) return 0;
    this.#merge();
    const { roots } = this.#elements;
    const stale = lost ? 'all' : this.#drawn.stale(roots);
    this.#told = stale === 'all' ? stale : new Set(stale);
    if (stale === 'all') this.#changed.fire(undefined);
    else if (stale.length > 0) this.#changed.fire(stale);
    return stale === 'all' ? 1 + this.#drawn.count(roots) : this.#drawn.count(stale);
  }

  /** Brings the elements up to date with the runs. */
  #merge(): void {
    const shown = this.runs.all().map(({ open }) => {
      const report = open.report();
      return { report, stuck: open.stuck, tasks: report.run.endedAt === null ? tasksIn(open.directory, report.members, Date.now()) : noTasks };
    }).reverse();
    // A task begins and ends without an event.
    if (shown.some(({ report }) => report.run.endedAt === null && report.members.some(({ role }) => role === 'worker'))) this.#lookAgain ??= setTimeout(() => this.#again(), taskEvery);
    const grown = this.#elements.merge(shown.map(({ report, stuck, tasks }) => this.#debugged(withDoing(this.shape(runRow(report, this.nameOfRun(report.run.id))), stuck, tasks))));
    if (this.#elements.size <= mostToUnfold) for (const element of grown) this.#unfold(element);
  }

  #again(): void {
    this.#lookAgain = undefined;
    this.update();
  }

  /** A row that was drawn as a leaf stays folded when its first child comes, unless it is asked to unfold. */
  #unfold(element: Element): void {
    void this.#view?.reveal(element, { select: false, focus: false, expand: true }).then(undefined, () => undefined);
  }

  #debugged(row: Row): Row {
    if (row.kind === 'member') {
      const state = this.debugState(row.run, row.member);
      if (state) Object.assign(row, { debug: state, description: `${state} · ${row.description}` });
    }
    for (const child of row.children) this.#debugged(child);
    return row;
  }

  #badge(): void {
    if (!this.#view) return;
    const members = this.runs.all().flatMap(({ open }) => open.report().members);
    const { alive } = counts(members);
    const tooltip = countText(members);
    if (alive === 0) this.#view.badge = undefined;
    else if (this.#view.badge?.value !== alive || this.#view.badge.tooltip !== tooltip) this.#view.badge = { value: alive, tooltip };
  }

  getTreeItem(element: Element): vscode.TreeItem {
    const { row } = element;
    this.#drawn.gaveItem(element);
    if (this.#told !== 'all' && this.#told.has(element)) this.#redraws.begun();
    const item = new vscode.TreeItem(rowLabel(row), this.#collapsible(row));
    item.id = row.key;
    item.description = row.description;
    item.iconPath = rowIcon(row);
    item.contextValue = rowContext(row);
    if (row.kind === 'finding' && placesOf(row.finding).length > 0) item.command = { command: 'procession.openLocation', title: 'Show', arguments: [placesOf(row.finding)[0]] };
    if (row.kind === 'progress' || row.kind === 'task') item.command = { command: 'procession.openResults', title: 'Open Results', arguments: [element] };
    if (row.kind === 'member' && row.debug?.startsWith('paused')) item.command = { command: 'procession.showDebugged', title: 'Show in Debugger', arguments: [element] };
    item.accessibilityInformation = { label: rowAccessibility(row), role: 'treeitem' };
    return item;
  }

  #collapsible(row: Row): vscode.TreeItemCollapsibleState {
    // What starts has no children yet, but will: VS Code would keep it folded for good if it were drawn as a leaf now.
    const expectant = (row.kind === 'run' || (row.kind === 'member' && row.member.role === 'root' && row.member.state !== 'exited'));
    if (row.children.length === 0 && !expectant) return vscode.TreeItemCollapsibleState.None;
    const isNew = row.kind === 'run' && (row.report.run.endedAt === null || (row.report.run.startedAt ?? 0) >= this.#since);
    const open = row.kind === 'member' || row.kind === 'tasks' || row.kind === 'place' || isNew;
    return open ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed;
  }

  /** Tooltips are long: made when one is asked for. */
  resolveTreeItem(item: vscode.TreeItem, element: Element): vscode.TreeItem {
    const { row } = element;
    const report = row.kind === 'run' ? row.report : this.runs.get(row.run)?.open.report();
    if (report) item.tooltip = rowTooltip(row, report);
    return item;
  }

  getChildren(element?: Element): Element[] {
    if (!element) {
      this.#merge();
      this.#redraws.begun();
    }
    const children = element ? element.children : this.#elements.roots;
    this.#drawn.gaveChildren(element, children);
    return [...children];
  }

  getParent(element: Element): Element | undefined {
    return element.parent;
  }

  dispose(): void {
    clearTimeout(this.#lookAgain);
    this.#redraws.dispose();
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}
