import { homedir } from 'node:os';
import { sep } from 'node:path';
import * as vscode from 'vscode';
import type { Surroundings } from '../launch/shell';
import { within } from '../launch/within';

/** What a program that this window starts has around it: as a terminal of the window would. */

/** Variables of the editor's own processes, which a program must not inherit. */
const ofEditor = /^(VSCODE_(?!PROXY)|ELECTRON_|CHROME_|ORIGINAL_XDG_|APPLICATION_INSIGHTS)/;

const platform = process.platform === 'win32' ? 'windows' : process.platform === 'darwin' ? 'osx' : 'linux';

/** The window's own environment, without what is the editor's. */
export function windowEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofEditor.test(name)));
}

/** The environment that a person's programs get: the window's, with the changes of the setting `terminal.integrated.env.*`. */
export function userEnvironment(folder = vscode.workspace.workspaceFolders?.[0]): NodeJS.ProcessEnv {
  const env = windowEnvironment();
  const changes = vscode.workspace.getConfiguration('terminal.integrated', folder?.uri).get<Record<string, unknown>>(`env.${platform}`) ?? {};
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete env[name];
    else if (typeof value === 'string') env[name] = withVariables(value, env, folder);
  }
  return env;
}

/** Puts in the variables that VS Code knows in that setting; others stay as they are written. */
function withVariables(text: string, env: NodeJS.ProcessEnv, folder: vscode.WorkspaceFolder | undefined): string {
  return text.replaceAll(/\$\{([^}]+)\}/g, (written, name: string) => {
    const [kind = '', ...rest] = name.split(':');
    const argument = rest.join(':');
    switch (kind) {
      case 'env': return env[argument] ?? '';
      case 'workspaceFolder': return (argument ? vscode.workspace.workspaceFolders?.find((one) => one.name === argument) : folder)?.uri.fsPath ?? written;
      case 'userHome': return homedir();
      case 'pathSeparator': case '/': return sep;
      default: return written;
    }
  });
}

/** ms that the Python extension has to say which interpreter it has chosen: a launch does not wait longer for it */
const patience = 10_000;

/** The interpreter that the ms-python extension has chosen for a folder, if that extension is there and answers. */
export async function chosenPython(folder: vscode.Uri | undefined): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<{ environments?: { getActiveEnvironmentPath(at?: vscode.Uri): { path: string }; resolveEnvironment(at: { path: string }): Promise<{ executable?: { uri?: vscode.Uri } } | undefined> } }>('ms-python.python');
  if (!extension) return undefined;
  const asked = async (): Promise<string | undefined> => {
    const { environments } = extension.isActive ? extension.exports : await extension.activate();
    const chosen = environments?.getActiveEnvironmentPath(folder);
    const resolved = chosen ? await environments?.resolveEnvironment(chosen) : undefined;
    return resolved?.executable?.uri?.fsPath ?? chosen?.path;
  };
  try {
    return await within(patience, 'The Python extension', asked());
  } catch {
    return undefined;
  }
}

/** What is known when a program of a workspace folder is to be found. */
export async function surroundingsOf(folder = vscode.workspace.workspaceFolders?.[0]): Promise<Surroundings> {
  const folders = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
  const first = folder?.uri.fsPath;
  return {
    folders: first === undefined ? folders : [first, ...folders.filter((path) => path !== first)],
    env: userEnvironment(folder), chosenPython: await chosenPython(folder?.uri),
    activates: vscode.workspace.getConfiguration('python', folder?.uri).get<boolean>('terminal.activateEnvironment', true),
  };
}
