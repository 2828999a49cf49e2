import * as vscode from 'vscode';
import { HumanError } from '../core/errors';
import { baseName } from '../core/paths';
import { nameOf } from '../views/commands';
import type { WindowRun } from '../views/runStore';
import { takeStacks, type Stacks } from './stacks';
import { mergeStacks, type StackNode } from './stackTree';

type Item = { kind: 'stack'; id: string; node: StackNode; children: Item[] } | { kind: 'silent'; member: string; reason: string; children: Item[] };

/** A thread that has gone deeper since the last look is another row: VS Code would keep it folded, as a row without any below it. */
function toItem(node: StackNode, above = ''): Item {
  const id = `${above}/${node.label} ${node.place?.file}:${node.place?.line}${node.children.length > 0 ? '' : '.'}`;
  return { kind: 'stack', id, node, children: node.children.map((child) => toItem(child, id)) };
}

/** Who is at a node: by name where they are few. */
function whoText(who: readonly string[]): string {
  const names = [...new Set(who)];
  return names.length === 1 ? (names[0] ?? '') : `${names.length} of them`;
}

/** The view Stacks: the stacks of all members of a run at one moment, equal ones merged. */
export class StacksView implements vscode.TreeDataProvider<Item>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view = vscode.window.createTreeView<Item>('procession.stacks', { treeDataProvider: this, showCollapseAll: true });
  #items: Item[] = [];
  #run: WindowRun | undefined;
  /** by run */
  readonly #taking = new Map<string, Promise<Stacks>>();

  /** Takes the stacks of a run, or of the last one again, and shows them. What was taken of a run that has ended meanwhile stays. */
  async show(run = this.#run): Promise<void> {
    if (!run) throw new HumanError('Nothing is running whose stacks could be taken. Run a program first ("Procession: Run File").');
    const taken = await this.#take(run);
    if (taken.stacks.length + taken.silent.length === 0) {
      const why = run.open.report().members.length ? 'has ended' : 'has not begun';
      throw new HumanError(`${nameOf(run)} ${why}: there are no stacks to take.${this.#run ? ' The view Stacks shows those that were taken before.' : ''}`);
    }
    this.#run = run;
    this.#fill(taken);
    await vscode.commands.executeCommand('setContext', 'procession.stacksTaken', true);
    await vscode.commands.executeCommand('procession.stacks.focus');
  }

  /** Who asks while stacks are being taken gets the same: two that open and close one inspector are in each other's way. */
  #take(run: WindowRun): Promise<Stacks> {
    const { id } = run.open;
    const taking = this.#taking.get(id) ?? takeStacks(run).finally(() => this.#taking.delete(id));
    this.#taking.set(id, taking);
    return taking;
  }

  #fill({ stacks, silent }: Stacks): void {
    this.#items = [...mergeStacks(stacks).map((node) => toItem(node)), ...silent.map((one): Item => ({ kind: 'silent', ...one, children: [] }))];
    this.#view.message = `Taken at ${new Date().toLocaleTimeString(undefined, { hour12: false })} while they ran.`;
    this.#changed.fire(undefined);
  }

  getChildren(item?: Item): Item[] {
    return item ? item.children : this.#items;
  }

  getTreeItem(item: Item): vscode.TreeItem {
    if (item.kind === 'silent') {
      const row = new vscode.TreeItem(item.member);
      row.description = item.reason;
      row.tooltip = item.reason;
      row.iconPath = new vscode.ThemeIcon('circle-slash');
      return row;
    }
    const { label, place, who } = item.node;
    const row = new vscode.TreeItem(label, item.children.length ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.None);
    row.id = item.id;
    row.description = place?.file ? `${baseName(place.file)}:${place.line} · ${whoText(who)}` : whoText(who);
    row.tooltip = [...(place?.file ? [`${place.file}:${place.line}`] : []), ...who].join('\n');
    row.iconPath = new vscode.ThemeIcon(place === undefined ? 'layers' : item.children.length ? 'indent' : 'debug-stackframe');
    if (place?.file) row.command = { command: 'procession.openLocation', title: 'Open', arguments: [{ file: place.file, line: place.line }] };
    return row;
  }

  dispose(): void {
    this.#view.dispose();
    this.#changed.dispose();
  }
}
