import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { HumanError } from '../../../core/errors';
import { filesOf, suffix, workloadFiles } from '../results/find';
import { functionAt, functionsIn, type FunctionPlace } from '../functions';
import { parseOver } from '../results/overText';

/** A function of a file, which a lens or the cursor stands on. */
export interface FunctionOf {
  file: string;
  name: string;
}

/** Which workload file is meant: one for a function is made where there is none. Undefined when the person gives up. */
export async function workloadFileOf(given?: vscode.Uri | FunctionOf): Promise<string | undefined> {
  if (given && !(given instanceof vscode.Uri)) return fileOfFunction(given);
  const uri = given ?? vscode.window.activeTextEditor?.document.uri;
  if (uri?.fsPath.endsWith(suffix)) return uri.fsPath;
  const here = functionUnderCursor();
  if (!given && here) return fileOfFunction(here);
  return pickFile();
}

/** The function under the cursor of the active editor. */
export function functionUnderCursor(): FunctionOf | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme !== 'file') return undefined;
  const found = functionAt(functionsIn(editor.document.uri.fsPath, editor.document.getText()), editor.selection.active.line);
  return found && { file: editor.document.uri.fsPath, name: found.name };
}

async function pickFile(): Promise<string | undefined> {
  const files = await workloadFiles();
  if (files.length === 0) throw new HumanError('There is no *.workload.json in this workspace. Put the cursor on a Python function or an exported Node function that takes an argument, and choose the command again.');
  return chosenOf(files, 'Workload');
}

/** The only one, or the one that the person picks. */
async function chosenOf(files: readonly vscode.Uri[], placeHolder: string): Promise<string | undefined> {
  if (files.length === 1) return files[0]?.fsPath;
  const picked = await vscode.window.showQuickPick(files.map((uri) => ({ label: basename(uri.fsPath, suffix), description: vscode.workspace.asRelativePath(uri), uri })), { placeHolder });
  return picked?.uri.fsPath;
}

async function fileOfFunction({ file, name }: FunctionOf): Promise<string | undefined> {
  const found = await filesOf(file, name);
  if (found.length > 0) return chosenOf(found, `Workload of ${name}`);
  const document = await vscode.workspace.openTextDocument(file);
  const place = functionsIn(file, document.getText()).find((one) => one.name === name);
  if (!place) throw new HumanError(`${basename(file)} has no function ${name} at its top level that takes an argument.`);
  return createFile(file, place);
}

/** Asks for the rows and writes `<function>.workload.json` beside the code. */
async function createFile(file: string, { name, parameters }: FunctionPlace): Promise<string | undefined> {
  const text = await vscode.window.showInputBox({
    title: `Run ${name} Across Cores`, prompt: `Rows for ${name}(${parameters.join(', ')}): a range, a list as JSON, a file (.csv, .jsonl, .json, .txt) or a pattern of files`,
    placeHolder: '0:1000 · [1, 2, 3] · rows.csv · data/*.png', value: '0:100', ignoreFocusOut: true,
    validateInput: (value) => {
      const over = parseOver(value);
      return 'wrong' in over ? over.wrong : undefined;
    },
  });
  if (text === undefined) return undefined;
  const rows = parseOver(text);
  if ('wrong' in rows) throw new HumanError(rows.wrong);
  const uri = await freeName(dirname(file), name);
  const run = { [file.endsWith('.py') ? 'python' : 'node']: `${basename(file)}:${name}` };
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(`{\n  "run": ${JSON.stringify(run)},\n  "over": ${rows.over}\n}\n`));
  await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true, preview: false });
  return uri.fsPath;
}

/** A file of that name may run another function. */
async function freeName(folder: string, name: string): Promise<vscode.Uri> {
  for (let count = 1; ; count++) {
    const uri = vscode.Uri.file(join(folder, `${name}${count === 1 ? '' : `-${count}`}${suffix}`));
    const exists = await vscode.workspace.fs.stat(uri).then(() => true, () => false);
    if (!exists) return uri;
  }
}
