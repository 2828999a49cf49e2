import { closeSync, existsSync, fstatSync, readSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import * as vscode from 'vscode';
import { HumanError } from '../core/errors';
import { parsed } from '../core/json';
import type { Member } from '../core/members';
import { openRegular } from '../observe/regularFile';
import { outputsOf } from '../observe/runDirectory';
import type { WindowRun } from './runStore';

/** Files of a run's streams that grow: read from where the last reading ended. */
class GrowingFile {
  #offset = 0;
  readonly #decoder = new StringDecoder('utf8');

  constructor(readonly path: string) {}

  /** The text that has come since, at most `limit` bytes of it. */
  next(limit = 1024 * 1024): string {
    let descriptor: number | undefined;
    try {
      descriptor = openRegular(this.path);
      const size = fstatSync(descriptor).size - this.#offset;
      if (size <= 0) return '';
      const bytes = Buffer.allocUnsafe(Math.min(size, limit));
      const length = readSync(descriptor, bytes, 0, bytes.length, this.#offset);
      this.#offset += length;
      return this.#decoder.write(bytes.subarray(0, length));
    } catch {
      return '';
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }
}

/** Bytes of a stream of one member that are shown, from its start. */
const mostShown = 64 * 1024 * 1024;

/** Where a launcher that keeps the streams notes their order. */
const indexOf = (folder: string): string => join(folder, 'index.ndjson');

/** What a run printed, in an output channel of its own. stdout and stderr in the order in which they were written. */
class RunOutput implements vscode.Disposable {
  readonly #channel: vscode.OutputChannel;
  readonly #index: GrowingFile;
  readonly #streams: Record<string, number> = { stdout: 0, stderr: 0 };
  readonly #decoders: Record<string, StringDecoder> = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  #rest = '';
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout;

  constructor(private readonly folder: string, name: string) {
    this.#channel = vscode.window.createOutputChannel(`Procession: ${name}`);
    this.#index = new GrowingFile(indexOf(folder));
    try {
      this.#watcher = watch(folder, { persistent: false }, () => this.#more());
    } catch {
      // The timer reads.
    }
    this.#timer = setInterval(() => this.#more(), 1_000);
    this.#more();
  }

  #more(): void {
    for (let text = this.#index.next(); text; text = this.#index.next()) {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.#append(line);
    }
  }

  #append(line: string): void {
    let entry: { s?: unknown; n?: unknown };
    try {
      entry = JSON.parse(line) as typeof entry;
    } catch {
      return;
    }
    const { s: stream, n: length } = entry;
    if ((stream !== 'stdout' && stream !== 'stderr') || typeof length !== 'number' || !(length > 0 && length <= 1024 * 1024)) return;
    const bytes = Buffer.alloc(length);
    let descriptor: number | undefined;
    try {
      descriptor = openRegular(join(this.folder, stream));
      const read = readSync(descriptor, bytes, 0, length, this.#streams[stream] ?? 0);
      this.#streams[stream] = (this.#streams[stream] ?? 0) + length;
      this.#channel.append(this.#decoders[stream]?.write(bytes.subarray(0, read)) ?? '');
    } catch {
      // It is gone, or no file: there is nothing to show.
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  show(): void {
    this.#more();
    this.#channel.show(true);
  }

  dispose(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
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
    if (!output) this.#channels.set(run.open.id, (output = new RunOutput(outputsOf(run.open.directory), name)));
    return output;
  }

  /** Shows what a run prints: its channel, its terminal, or the Debug Console of the debugger that has it. */
  async showRun(run: WindowRun, name: string): Promise<void> {
    const { console: place } = run.open.description();
    const kept = 'What its members printed is kept: use Show Output on a member.';
    if (place === 'internalConsole') {
      if (this.#channels.has(run.open.id) || existsSync(indexOf(outputsOf(run.open.directory)))) this.channel(run, name).show();
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
      const file = new GrowingFile(join(folder, `${id}.${stream}`));
      const text = file.next(mostShown);
      return text && `── ${stream} ──\n${text}${file.next(1) === '' ? '' : `\n… more in ${file.path}`}`;
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
