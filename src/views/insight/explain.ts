import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { HumanError, messageOf } from '../../core/errors';
import type { Member } from '../../core/members';
import { commandLine } from '../../launch/launchSpecFile';
import type { WindowRun } from '../runStore';

const scheme = 'procession-explain';
/** ms that a run of many members may take */
const patience = 60_000;

/** Shows why a run does not go on, or why it failed: `procession explain`, which asks a run that goes on harder than it is asked unbidden. */
export class Explanations implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #provider = vscode.workspace.registerTextDocumentContentProvider(scheme, this);

  /** `dist` is the folder of the built product. */
  constructor(private readonly dist: string) {}

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }

  /** Explains a run by its name, or one of its members. */
  async explain({ open }: WindowRun, name: string, member?: Member): Promise<void> {
    const title = `Why ${name}${member ? `, ${member.name} ${member.pid}` : ''}`;
    const text = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: `Explaining ${name}` }, () => this.#ask(open.directory, member));
    const uri = vscode.Uri.from({ scheme, path: `/${title.replaceAll('/', '⁄')}`, query: open.id });
    this.#texts.set(uri.toString(), text);
    this.#changed.fire(uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }

  async #ask(directory: string, member: Member | undefined): Promise<string> {
    const { file, args, env } = commandLine(join(this.dist, 'cli.js'), ['explain', directory, ...(member ? ['--member', member.id] : [])]);
    try {
      return (await promisify(execFile)(file, args, { env: { ...process.env, ...env }, timeout: patience, maxBuffer: 64 * 1024 * 1024 })).stdout;
    } catch (error) {
      const { stderr } = error as { stderr?: string };
      throw new HumanError(`It could not be explained: ${stderr?.trim() ?? messageOf(error)}`);
    }
  }

  dispose(): void {
    this.#provider.dispose();
    this.#changed.dispose();
  }
}
