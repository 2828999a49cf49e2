import * as vscode from 'vscode';
import type { Member } from '../core/members';
import type { Report } from '../core/report';
import { counts, countText, runRow, type Row } from './rows';
import { rowAccessibility, rowContext, rowIcon, rowTooltip } from './present';
import type { RunStore } from './runStore';

/** A row that VS Code holds on to. The object stays the same while its key does; what it shows changes. */
export interface Element {
  key: string;
  row: Row;
  parent: Element | undefined;
  children: Element[];
}

/** What decides whether a row must be drawn anew. Numbers that tick stand in the description. */
const looks = (row: Row): string => `${row.label}\n${row.description}\n${rowContext(row)}\n${rowIcon(row).id}\n${row.children.length > 0}`;
/**
 * The part of a row that is news and not a number: this changing is shown at once, a number at leisure. Of a run, everything
 * below would be fetched anew for each child that comes or goes.
 */
const news = (row: Row): string => (row.kind === 'progress' ? row.kind : row.kind === 'place' ? `${row.label}\n${row.children.length > 0}` : row.kind === 'run' ? looks(row).replace(/\d+ (still )?alive/, 'alive') : row.kind === 'member' ? `${row.label}\n${row.member.state}\n${row.member.marks.join()}\n${row.member.exit ? row.description : ''}\n${row.debug ?? ''}\n${rowContext(row)}\n${row.children.length > 0}` : looks(row));

/** Rows that only changed a number are drawn at most this often (ms) and so many at a time: a refresh of thousands would freeze the host. */
const numbersEvery = 1_000;
const rowsAtOnce = 40;
/**
 * Refreshing a parent fetches everything below it again, and a command that is chosen just then arrives without its row:
 * parents' numbers are drawn seldom (ms), and of big trees those of the run alone.
 */
const parentsEvery = 5_000;
const parentRows = 60;

/** VS Code fetches and draws anew what is below a changed row. Beyond so many rows, the tree rests for each (ms) before it changes again. */
const rowsWithoutRest = 100;
const restOfRow = 2;

/** How many rows are drawn anew with an element. */
const sizeOf = (element: Element): number => element.children.reduce((sum, child) => sum + sizeOf(child), 1);

/** Nothing about the row itself can be news: a member of which nothing changed is the same object as before. */
const isSame = (before: Row, after: Row): boolean => before.kind === 'member' && after.kind === 'member' && before.member === after.member
  && before.debug === after.debug && before.children.length > 0 === after.children.length > 0;

/** The view Processes: runs, their members, nested by logical parent. */
export class ProcessTree implements vscode.TreeDataProvider<Element>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<Element[] | undefined>();
  readonly #elements = new Map<string, Element>();
  #roots: Element[] = [];
  #view: vscode.TreeView<Element> | undefined;
  #numbersAt = 0;
  #parentsAt = 0;
  readonly #grown = new Set<Element>();
  #timer: NodeJS.Timeout | undefined;
  /** What began while this window was there is drawn open, even if it was over before it could be drawn. */
  readonly #since = Date.now();
  #restUntil = 0;
  #rest: NodeJS.Timeout | undefined;
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
      if (visible) this.update();
    });
    this.update();
  }

  /** Compares what is known with what is shown, and has the difference drawn. */
  update(): void {
    const rest = this.#restUntil - Date.now();
    if (rest > 0) {
      this.#rest ??= setTimeout(() => {
        this.#rest = undefined;
        this.update();
      }, rest);
      return;
    }
    const reports = this.runs.all().map(({ open }) => open.report()).reverse();
    this.#badge(reports);
    const dirty: Element[] = [];
    const structural = this.#merge(undefined, reports.map((report) => this.#debugged(this.shape(runRow(report, this.nameOfRun(report.run.id))))), dirty);
    if (structural) this.#changed.fire(undefined);
    else if (dirty.length) this.#changed.fire(dirty);
    const drawn = structural ? this.#elements.size : dirty.reduce((sum, element) => sum + sizeOf(element), 0);
    this.#restUntil = Date.now() + Math.max(0, drawn - rowsWithoutRest) * restOfRow;
    this.#numbers();
    this.#unfold();
  }

  /** A row that was drawn as a leaf stays folded when its first child comes, unless it is asked to unfold. In a big tree it may stay so. */
  #unfold(): void {
    const grown = [...this.#grown];
    this.#grown.clear();
    if (!this.#view?.visible || this.#elements.size > parentRows) return;
    for (const element of grown) void this.#view.reveal(element, { select: false, focus: false, expand: true }).then(undefined, () => undefined);
  }

  /** Brings the children of an element up to date. True when the element itself must be fetched anew: its list of children differs. */
  #merge(parent: Element | undefined, rows: readonly Row[], dirty: Element[]): boolean {
    const before = parent ? parent.children : this.#roots;
    const after = rows.map((row) => this.#elements.get(row.key) ?? { key: row.key, row, parent, children: [] });
    const same = before.length === after.length && before.every((element, index) => element === after[index]);
    if (parent) parent.children = after;
    else this.#roots = after;
    if (!same) {
      const stays = new Set(after);
      for (const gone of before) if (!stays.has(gone)) this.#forget(gone);
    }
    for (const [index, element] of after.entries()) {
      const row = rows[index];
      if (!row) continue;
      const known = this.#elements.has(element.key);
      const isNews = known && !isSame(element.row, row) && news(element.row) !== news(row);
      if (known && element.row.children.length === 0 && row.children.length > 0) this.#grown.add(element);
      element.parent = parent;
      this.#elements.set(element.key, element);
      // A number keeps its old text until it is its turn; the row itself is always the newest.
      element.row = row;
      const inside: Element[] = [];
      const refetch = this.#merge(element, row.children, inside);
      if (!known || !same) continue;
      if (refetch || isNews) dirty.push(element);
      else dirty.push(...inside);
    }
    return !same;
  }

  #debugged(row: Row): Row {
    if (row.kind === 'member') {
      const state = this.debugState(row.run, row.member);
      if (state) Object.assign(row, { debug: state, description: `${state} · ${row.description}` });
    }
    for (const child of row.children) this.#debugged(child);
    return row;
  }

  #forget(element: Element): void {
    // It may have moved to another parent in this very update: then that parent has claimed it already.
    if (this.#elements.get(element.key) === element) {
      this.#elements.delete(element.key);
      this.#drawn.delete(element.key);
    }
    for (const child of element.children) this.#forget(child);
  }

  /** How each row looks that VS Code has fetched, the one fetched longest ago first. */
  readonly #drawn = new Map<string, string>();

  /** Draws rows whose numbers have changed, seldom and few at a time, until none is left. */
  #numbers(): void {
    if (!this.#view?.visible) return;
    const now = Date.now();
    if (now - this.#numbersAt < numbersEvery) {
      this.#numbersIn(numbersEvery - (now - this.#numbersAt));
      return;
    }
    this.#numbersAt = now;
    const parents = now - this.#parentsAt >= parentsEvery;
    if (parents) this.#parentsAt = now;
    const few = this.#elements.size <= parentRows;
    const stale: Element[] = [];
    let left = false;
    for (const [key, drawn] of this.#drawn) {
      const element = this.#elements.get(key);
      if ((element?.row.kind !== 'member' && element?.row.kind !== 'run' && element?.row.kind !== 'progress' && element?.row.kind !== 'place') || drawn === looks(element.row)) continue;
      if (element.children.length > 0) {
        const ever = few || element.row.kind === 'run';
        left ||= ever && !parents;
        if (!ever || !parents) continue;
      }
      if (stale.push(element) < rowsAtOnce) continue;
      left = true;
      break;
    }
    if (stale.length) this.#changed.fire(stale);
    if (left) this.#numbersIn(numbersEvery);
  }

  #numbersIn(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#numbers();
    }, ms);
  }

  #badge(reports: readonly Report[]): void {
    if (!this.#view) return;
    const members = reports.flatMap((report) => report.members);
    const { alive } = counts(members);
    const tooltip = countText(members);
    if (alive === 0) this.#view.badge = undefined;
    else if (this.#view.badge?.value !== alive || this.#view.badge.tooltip !== tooltip) this.#view.badge = { value: alive, tooltip };
  }

  getTreeItem(element: Element): vscode.TreeItem {
    const { row } = element;
    this.#drawn.delete(element.key);
    this.#drawn.set(element.key, looks(row));
    const item = new vscode.TreeItem(row.label, this.#collapsible(row));
    item.id = row.key;
    item.description = row.description;
    item.iconPath = rowIcon(row);
    item.contextValue = rowContext(row);
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
    return element ? element.children : this.#roots;
  }

  getParent(element: Element): Element | undefined {
    return element.parent;
  }

  /** The element of a member or a run, to be revealed. */
  find(key: string): Element | undefined {
    return this.#elements.get(key);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#rest);
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}
