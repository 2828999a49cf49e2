import { existsSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { formatBytes } from '../core/describe';
import { HumanError } from '../core/errors';
import { parsed } from '../core/json';
import type { Member } from '../core/members';
import { copyLimit } from '../observe/record/keptOutput';
import { isOutputKept, KeptOutputReader, type OutputPiece } from '../observe/record/keptOutputReader';
import { readRegularBytes } from '../observe/record/regularFile';
import { outputsOf } from '../observe/record/runDirectory';
import type { WindowRun } from './runStore';

/** ms of reading after which others get their turn */
const turn = 20;

/** What a run printed, in an output channel of its own. stdout and stderr in the order in which they were written. */
class RunOutput implements vscode.Disposable {
  readonly #channel: vscode.OutputChannel;
  readonly #reader: KeptOutputReader;
  #reading: { pieces: Iterator<OutputPiece>; toEnd: boolean } | undefined;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #next: NodeJS.Immediate | undefined;

  constructor(private readonly run: WindowRun, name: string) {
    const folder = outputsOf(run.open.directory);
    this.#channel = vscode.window.createOutputChannel(`Procession: ${name}`);
    this.#reader = new KeptOutputReader(folder);
    try {
      this.#watcher = watch(folder, { persistent: false }, () => this.#more());
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // The timer reads.
    }
    this.#timer = setInterval(() => this.#more(), 1_000);
    this.#more();
  }

  /** Shows what is new; a run that is over is read once more, to its end. */
  #more(): void {
    if (this.#next) return;
    const toEnd = this.run.open.observationEnded;
    this.#reading ??= { pieces: this.#reader.read(toEnd), toEnd };
    const { pieces } = this.#reading;
    for (const end = performance.now() + turn; performance.now() < end;) {
      const next = pieces.next();
      if (next.done) {
        if (this.#reading.toEnd) this.#stopFollowing();
        this.#reading = undefined;
        return;
      }
      const piece = next.value;
      this.#channel.append('text' in piece ? piece.text : `\n── ${formatBytes(piece.missing)} of ${piece.stream} are not kept (setting "procession.outputLimit") ──\n`);
    }
    this.#next = setImmediate(() => {
      this.#next = undefined;
      this.#more();
    });
  }

  show(): void {
    this.#more();
    this.#channel.show(true);
  }

  #stopFollowing(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
    clearImmediate(this.#next);
    this.#next = undefined;
    this.#reader.close();
  }

  dispose(): void {
    this.#stopFollowing();
    this.#channel.dispose();
  }
}

export const outputScheme = 'procession-output';

/** The run and the member that a document is about. Anybody can make a URI: one of another kind is about nothing. */
function memberOf({ query }: vscode.Uri): [run: string, id: string] {
  const about = parsed<unknown>(query);
  const [run, id] = Array.isArray(about) ? (about as unknown[]) : [];
  return typeof run === 'string' && typeof id === 'string' && /^\d+(\.m?\d+)?$/.test(id) ? [run, id] : ['', ''];
}

/** The output of runs and of single members, as far as the bytes can be told apart. */
export class Outputs implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #channels = new Map<string, RunOutput>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  /** by run */
  readonly #watchers = new Map<string, FSWatcher>();
  readonly onDidChange = this.#changed.event;

  /** `folderOf` tells where a run lies now: one that has ended moves. */
  constructor(private readonly folderOf: (run: string) => string | undefined) {}

  /** The channel of a run whose output the launcher keeps; made once. */
  channel(run: WindowRun, name: string): RunOutput {
    let output = this.#channels.get(run.open.id);
    if (!output) this.#channels.set(run.open.id, (output = new RunOutput(run, name)));
    return output;
  }

  /** Shows what a run prints: its channel, its terminal, or the Debug Console of the debugger that has it. */
  async showRun(run: WindowRun, name: string): Promise<void> {
    const { console: place } = run.open.description();
    const kept = 'What its members printed is kept: use Show Output on a member.';
    if (place === 'internalConsole') {
      if (this.#channels.has(run.open.id) || isOutputKept(outputsOf(run.open.directory))) this.channel(run, name).show();
      else await vscode.commands.executeCommand('workbench.debug.action.focusRepl');
    } else if (run.terminal?.exitStatus !== undefined) throw new HumanError(`The terminal of ${name} is closed. ${kept}`);
    else if (run.terminal) run.terminal.show();
    else if (place === 'externalTerminal') throw new HumanError(`${name} prints into a terminal outside the editor. ${kept}`);
    else throw new HumanError(`${name} prints into a terminal that this window did not open for it, or that a debugger has: look in the panels Terminal and Debug Console. ${kept}`);
  }

  /** Shows what one member printed, in an editor that follows. */
  async showMember(run: WindowRun, member: Member): Promise<void> {
    const folder = outputsOf(run.open.directory);
    if (!['stdout', 'stderr'].some((stream) => existsSync(join(folder, `${member.id}.${stream}`)))) {
      throw new HumanError(member.marks.includes('outside')
        ? `What ${member.name} prints can't be told from the others': no probe is in it. Show the output of the whole run instead.`
        : `${member.name} has printed nothing of its own so far (what it writes past its language's streams can't be told from the others').`);
    }
    const uri = vscode.Uri.from({ scheme: outputScheme, path: `/${member.name} ${member.pid}.log`, query: JSON.stringify([run.open.id, member.id]) });
    this.#follow(run.open.id, folder);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }

  #follow(run: string, folder: string): void {
    if (this.#watchers.has(run)) return;
    const watcher = watch(folder, { persistent: false }, () => {
      for (const { uri } of vscode.workspace.textDocuments) if (uri.scheme === outputScheme && memberOf(uri)[0] === run) this.#changed.fire(uri);
    });
    watcher.on('error', () => watcher.close());
    this.#watchers.set(run, watcher);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const [run, id] = memberOf(uri);
    const directory = this.folderOf(run);
    if (directory === undefined || id === '') return '';
    const folder = outputsOf(directory);
    return ['stdout', 'stderr'].map((stream) => {
      try {
        const bytes = readRegularBytes(join(folder, `${id}.${stream}`));
        if (bytes.length === 0) return '';
        const end = bytes.length < copyLimit ? '' : `\n── ${formatBytes(copyLimit)} of ${stream} are kept for each process: what it printed after that is not here ──\n`;
        return `── ${stream} ──\n${bytes.toString('utf8')}${end}`;
      } catch {
        return '';
      }
    }).filter(Boolean).join('\n');
  }

  forget(id: string): void {
    this.#watchers.get(id)?.close();
    this.#watchers.delete(id);
    this.#channels.get(id)?.dispose();
    this.#channels.delete(id);
  }

  dispose(): void {
    for (const output of this.#channels.values()) output.dispose();
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#changed.dispose();
  }
}
