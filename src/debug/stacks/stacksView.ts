import * as vscode from 'vscode';
import { plural } from '../../core/describe';
import { HumanError } from '../../core/errors';
import { baseName } from '../../core/paths';
import { nameOf } from '../../views/commands/commands';
import type { WindowRun } from '../../views/runStore';
import { takeStacks, type Stacks } from './stacks';
import { mergeStacks, type FrameNode, type StackNode } from './stackTree';
import type { Frame } from './frame';

/** A row of the view. Those of `library` and `frame` are folded away until a person wants to see them. */
type Item = { id: string; children: Item[] } & (
  | { kind: 'line'; node: StackNode }
  | { kind: 'library'; count: number }
  | { kind: 'frame'; frame: Frame }
  | { kind: 'silent'; member: string; reason: string }
);

/** VS Code keeps a row folded that had none below it when it was drawn first: one that has some now is another row. */
const idOf = (above: string, name: string, hasChildren: boolean): string => `${above}/${name}${hasChildren ? '' : '.'}`;

function lineItem(node: StackNode, above = ''): Item {
  const { place } = node;
  const isLast = node.children.length === 0;
  const id = idOf(above, `${node.label} ${place?.file}:${place?.line} ${node.doing}`, !isLast || node.library.length > 0);
  const frames = frameItems(node.library, id);
  // The line is the row; what it has called is below it at once, or beside the lines that were called from there.
  if (isLast) return { kind: 'line', id, node, children: frames };
  const library: Item[] = frames.length > 0 ? [{ kind: 'library', id: `${id}/library`, count: frameCount(node.library), children: frames }] : [];
  return { kind: 'line', id, node, children: [...library, ...node.children.map((child) => lineItem(child, id))] };
}

const frameCount = (nodes: readonly FrameNode[]): number => nodes.reduce((sum, { children }) => sum + 1 + frameCount(children), 0);

/** Frames in the order of the calls, one below the other as long as all went the same way; where ways part, each has its own below it. */
function frameItems(nodes: readonly FrameNode[], above: string): Item[] {
  const parts = nodes.length > 1;
  return nodes.flatMap(({ frame, children }): Item[] => {
    const id = idOf(above, `${frame.function} ${frame.file}:${frame.line}`, parts && children.length > 0);
    const below = frameItems(children, id);
    return parts ? [{ kind: 'frame', id, frame, children: below }] : [{ kind: 'frame', id, frame, children: [] }, ...below];
  });
}

/** Who is at a node: by name where they are few. */
function whoText(who: readonly string[]): string {
  const names = [...new Set(who)];
  return names.length === 1 ? (names[0] ?? '') : `${names.length} of them`;
}

function placeOf(row: vscode.TreeItem, { file, line }: Frame, who: readonly string[] = []): vscode.TreeItem {
  row.tooltip = [...(file ? [`${file}:${line}`] : []), ...who].join('\n');
  if (file && !/^(node:|<)/.test(file)) row.command = { command: 'procession.openLocation', title: 'Open', arguments: [{ file, line }] };
  return row;
}

const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;

function lineRow({ label, doing, place, who, children, library }: StackNode): vscode.TreeItem {
  const row = new vscode.TreeItem(label, children.length > 0 ? Expanded : library.length > 0 ? Collapsed : None);
  row.description = [doing === label ? '' : doing, whoText(who)].filter(Boolean).join(' · ');
  row.iconPath = new vscode.ThemeIcon(place ? (children.length > 0 ? 'indent' : 'debug-stackframe') : children.length > 0 ? 'layers' : 'watch');
  return place ? placeOf(row, place, who) : Object.assign(row, { tooltip: who.join('\n') });
}

function rowOf(item: Item): vscode.TreeItem {
  switch (item.kind) {
    case 'line':
      return lineRow(item.node);
    case 'library':
      return Object.assign(new vscode.TreeItem(plural(item.count, 'library frame'), Collapsed), { iconPath: new vscode.ThemeIcon('library') });
    case 'frame': {
      const { frame, children } = item;
      const row = new vscode.TreeItem(frame.function, children.length > 0 ? Expanded : None);
      row.description = frame.file ? `${baseName(frame.file)}:${frame.line}` : '';
      return placeOf(row, frame);
    }
    case 'silent':
      return Object.assign(new vscode.TreeItem(item.member), { description: item.reason, tooltip: item.reason, iconPath: new vscode.ThemeIcon('circle-slash') });
  }
}

/** The view Stacks: the stacks of all members of a run at one moment, equal ones merged. */
export class StacksView implements vscode.TreeDataProvider<Item>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view = vscode.window.createTreeView<Item>('procession.stacks', { treeDataProvider: this, showCollapseAll: true });
  #items: Item[] = [];
  /** VS Code has asked for rows */
  #isFetched = false;
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
    this.#items = [...mergeStacks(stacks).map((node) => lineItem(node)), ...silent.map((one): Item => ({ kind: 'silent', id: `silent ${one.member}`, ...one, children: [] }))];
    this.#view.message = `Taken at ${new Date().toLocaleTimeString(undefined, { hour12: false })} while they ran.`;
    // A view that was never shown fetches its rows when it is. Told to do so just then, VS Code fetches twice at once and loses some.
    if (this.#isFetched) this.#changed.fire(undefined);
  }

  getChildren(item?: Item): Item[] {
    this.#isFetched = true;
    return item ? item.children : this.#items;
  }

  getTreeItem(item: Item): vscode.TreeItem {
    return Object.assign(rowOf(item), { id: item.id });
  }

  dispose(): void {
    this.#view.dispose();
    this.#changed.dispose();
  }
}
