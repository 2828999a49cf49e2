import * as vscode from 'vscode';
import type { FailLine } from '../../../workload/protocol';
import type { Followed } from './followed';
import type { Workloads } from './workloads';

/** Failed tasks at one line with one error are one problem. */
function problemsOf(failures: Iterable<FailLine>, name: string): Map<string, vscode.Diagnostic[]> {
  const groups = new Map<string, { file: string; line: number; text: string; rows: number[] }>();
  for (const { i, error: { file, line, type, message } } of failures) {
    if (!file || !line) continue;
    const text = `${type}: ${message}`;
    const key = `${file}:${line}:${text}`;
    const group = groups.get(key) ?? { file, line, text, rows: [] };
    group.rows.push(i);
    groups.set(key, group);
  }
  const found = new Map<string, vscode.Diagnostic[]>();
  for (const { file, line, text, rows } of groups.values()) {
    const which = rows.length === 1 ? `row ${rows[0]}` : `rows ${rows.slice(0, 3).join(', ')}${rows.length > 3 ? ` and ${rows.length - 3} more` : ''}`;
    // Up to the end of the line, whatever its length.
    const problem = new vscode.Diagnostic(new vscode.Range(line - 1, 0, line - 1, 1000), `${text} (${which} of ${name})`, vscode.DiagnosticSeverity.Error);
    problem.source = 'Procession';
    found.set(file, [...(found.get(file) ?? []), problem]);
  }
  return found;
}

/** The newest run of each workload: a re-run takes the problems of the one before away. */
function newest(all: readonly Followed[]): Followed[] {
  const byFile = new Map<string, Followed>();
  for (const followed of all) byFile.set(followed.workload?.file ?? followed.id, followed);
  return [...byFile.values()];
}

/** Shows failed tasks as problems at their lines, until they are done or run again. */
export function followProblems(workloads: Workloads): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection('procession');
  let shown = '';
  const update = (): void => {
    const runs = newest(workloads.all());
    const now = runs.map(({ id, failures }) => `${id} ${[...failures.values()].map(({ i, t }) => `${i}:${t}`).join()}`).join('\n');
    if (now === shown) return;
    shown = now;
    collection.clear();
    for (const run of runs) {
      for (const [file, problems] of problemsOf(run.failures.values(), run.name)) {
        const uri = vscode.Uri.file(file);
        collection.set(uri, [...(collection.get(uri) ?? []), ...problems]);
      }
    }
  };
  update();
  return vscode.Disposable.from(collection, workloads.onDidChange(update));
}
