import { execFile } from 'node:child_process';
import { dirname, join, basename } from 'node:path';
import * as vscode from 'vscode';
import { HumanError } from '../../../core/errors';
import { commandLine } from '../../../launch/launchSpecFile';
import { usableCores } from '../../../workload/run/cores';
import { readWorkload, resolveWorkload } from '../../../workload/file/readWorkload';
import { lossOf, takerOf } from '../../../workload/run/taker';
import { fillTemplate } from '../../../workload/file/template';
import { takesKeywords, type Workload } from '../../../workload/workload';
import { userEnvironment } from '../../surroundings';
import { mustTrust } from '../../trust';
import { filesOf } from '../results/find';
import type { FunctionOf } from './starting';
import { mustRun } from '../typescript';

/** A launch configuration that runs one row of a workload in a process of its own, as its worker would. */
export function configurationOf({ run, over, directory }: Workload, row: string, index: number, dist: string): vscode.DebugConfiguration {
  const common = { type: 'procession', request: 'launch', cwd: directory, console: 'internalConsole' };
  const workers = join(dist, 'probes', 'workers');
  if ('python' in run) {
    const interpreter = run.interpreter === undefined ? {} : { python: run.interpreter };
    return { ...common, ...interpreter, name: `Row ${index} of ${run.python}`, program: join(workers, 'python', 'debug_row.py'), args: [run.python, directory, takesKeywords({ run, over }) ? 'keywords' : 'row', row] };
  }
  if ('node' in run) {
    const interpreter = run.interpreter === undefined ? {} : { runtimeExecutable: run.interpreter };
    const program = join(workers, 'debugRow.mjs');
    return { ...common, ...interpreter, name: `Row ${index} of ${run.node}`, program, skipFiles: ['<node_internals>/**', program], args: [run.node, directory, row] };
  }
  if ('ranks' in run) throw new HumanError('Ranks have no rows. Launch the program itself with a configuration of type "procession".');
  if ('command' in run) return { ...common, name: `Row ${index}`, command: fillTemplate(run.command, row, index) };
  return { ...common, name: `Row ${index} of ${basename(run.script)}`, program: join(directory, run.script), args: fillTemplate(run.args?.length ? run.args : ['{}'], row, index) };
}

/** Asks the command line for a row: it knows how rows are read. */
export async function rowOf(file: string, index: number, dist: string): Promise<string> {
  mustTrust('debug');
  const { file: program, args, env } = commandLine(join(dist, 'cli.js'), ['map', file, '--show-row', String(index)]);
  return new Promise((resolve, reject) => {
    execFile(program, args, { env: { ...userEnvironment(), ...env }, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) reject(new HumanError(stderr.replace(/^procession: /gm, '').trim() || error.message));
      else resolve(stdout.trimEnd());
    });
  });
}

/** Starts the debugger on one row. */
export async function debugRow(workload: Workload, row: string, index: number, dist: string): Promise<void> {
  mustTrust('debug');
  const { run } = workload;
  const loss = lossOf(row, takerOf(run));
  if (loss !== undefined) throw new HumanError(`Row ${index}: ${loss}`);
  if ('node' in run) await mustRun(run.node.slice(0, run.node.lastIndexOf(':')), run.interpreter);
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(workload.directory));
  await vscode.debug.startDebugging(folder, configurationOf(workload, row, index, dist));
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Debugs a function with a row that the person names: by its number where a workload runs the function, else as JSON. */
export async function debugFunction({ file, name }: FunctionOf, dist: string): Promise<void> {
  const [found] = await filesOf(file, name);
  if (found) return debugFile(found.fsPath, dist);
  const row = await vscode.window.showInputBox({
    title: `Debug One Row of ${name}`, prompt: 'The row as JSON: a number, a text in quotes, an object; a list is the arguments', value: '0', ignoreFocusOut: true,
    validateInput: (text) => (isJson(text) ? undefined : 'This is not JSON. Texts stand in double quotes.'),
  });
  if (row === undefined) return;
  const run = { [file.endsWith('.py') ? 'python' : 'node']: `${basename(file)}:${name}` };
  await debugRow(resolveWorkload({ run, over: { rows: [] } }, { file: null, directory: dirname(file), source: file, cores: usableCores() }), row, 0, dist);
}

/** Debugs a row of a workload file that the person names by its number. */
export async function debugFile(file: string, dist: string): Promise<void> {
  const text = await vscode.window.showInputBox({
    title: `Debug One Row of ${basename(file)}`, prompt: 'Number of the row, from 0', value: '0', ignoreFocusOut: true,
    validateInput: (value) => (/^\d+$/.test(value.trim()) ? undefined : 'Give a whole number from 0.'),
  });
  if (text === undefined) return;
  const index = Number(text);
  await debugRow(readWorkload(file, usableCores()), await rowOf(file, index, dist), index, dist);
}
