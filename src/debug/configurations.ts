import { basename } from 'node:path';
import * as vscode from 'vscode';
import { messageOf } from '../core/errors';
import { forMessage } from '../core/escapes';
import type { LaunchOptions } from '../launch/options';
import { runtimeOfFile } from '../launch/resolve';

export const debugType = 'procession';

type Configuration = vscode.DebugConfiguration & LaunchOptions;

const base = (name: string): Pick<Configuration, 'type' | 'request' | 'name'> => ({ type: debugType, request: 'launch', name });

/** Configurations that a new launch.json starts with. */
const initial: Configuration[] = [
  { ...base('Procession: Current File'), program: '${file}' },
  { ...base('Procession: Command'), command: 'npm test' },
];

/** What can be run in a folder without a launch.json: its entry files and the scripts of package.json. */
async function dynamic(folder: vscode.WorkspaceFolder | undefined): Promise<Configuration[]> {
  const active = vscode.window.activeTextEditor?.document.uri;
  const found: Configuration[] = active?.scheme === 'file' && runtimeOfFile(active.fsPath) ? [{ ...base(`Run ${basename(active.fsPath)}`), program: active.fsPath }] : [];
  if (!folder) return found;
  for (const uri of await vscode.workspace.findFiles(new vscode.RelativePattern(folder, '{main,app,__main__,server,index}.{py,js,mjs,cjs}'), null, 10)) {
    found.push({ ...base(`Run ${basename(uri.fsPath)}`), program: uri.fsPath });
  }
  try {
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder.uri, 'package.json')));
    const scripts = (JSON.parse(text) as { scripts?: Record<string, unknown> }).scripts ?? {};
    for (const name of Object.keys(scripts)) found.push({ ...base(`npm run ${name}`), command: ['npm', 'run', name] });
  } catch {
    // No package.json, or not a readable one: npm says so better than we could.
  }
  return found;
}

/** Offers configurations, and fills in what F5 without a launch.json leaves out. */
export class Configurations implements vscode.DebugConfigurationProvider {
  /** `debug` turns a configuration into what debugs its program; VS Code asks the providers of a type one after the other, so one of them does. */
  constructor(
    private readonly trigger: 'initial' | 'dynamic', private readonly log: vscode.LogOutputChannel,
    private readonly debug: (configuration: vscode.DebugConfiguration) => vscode.DebugConfiguration | undefined,
  ) {}

  async provideDebugConfigurations(folder: vscode.WorkspaceFolder | undefined): Promise<vscode.DebugConfiguration[]> {
    if (this.trigger === 'initial') return initial;
    try {
      return await dynamic(folder);
    } catch (error) {
      this.log.warn(`Dynamic configurations: ${messageOf(error)}`);
      return [];
    }
  }

  async resolveDebugConfiguration(_folder: vscode.WorkspaceFolder | undefined, configuration: Configuration): Promise<vscode.DebugConfiguration | undefined> {
    if (!configuration.type && !configuration.request && !configuration.name) {
      const file = vscode.window.activeTextEditor?.document.uri;
      if (!file || !runtimeOfFile(file.fsPath)) {
        void vscode.window.showErrorMessage('Open a Python or Node file, or write a launch configuration of type "procession".');
        return undefined;
      }
      return this.#debugged({ ...base(`Run ${basename(file.fsPath)}`), program: file.fsPath, ...(configuration.noDebug ? { noDebug: true } : {}) });
    }
    return this.#debugged(configuration);
  }

  async #debugged(configuration: vscode.DebugConfiguration): Promise<vscode.DebugConfiguration | undefined> {
    return this.trigger === 'initial' ? shown(() => this.debug(configuration)) : configuration;
  }
}

/** What `resolve` makes of a configuration; its error is shown, and nothing is started. */
export async function shown(resolve: () => vscode.DebugConfiguration | undefined | Promise<vscode.DebugConfiguration>): Promise<vscode.DebugConfiguration | undefined> {
  try {
    return await resolve();
  } catch (error) {
    void vscode.window.showErrorMessage(forMessage(messageOf(error)));
    return undefined;
  }
}
