import * as vscode from 'vscode';
import type { Finding, FindingSite } from '../../core/findings/finding';
import { kindOf } from '../../core/findings/rules';
import type { Report } from '../../core/report';
import type { RunStore } from '../runStore';
import { currentIn, keyOf, placesOf, roleText } from './words';

/** Findings as problems at the line to change. */

/** Up to the end of the line, whatever its length. */
const lineOf = ({ line }: FindingSite): vscode.Range => new vscode.Range(line - 1, 0, line - 1, 1000);

/** Only what is proved is an error. What merely wastes time is in the tree alone. */
function problemOf(finding: Finding): [vscode.Uri, vscode.Diagnostic] | undefined {
  const [place, ...others] = placesOf(finding);
  if (!place || kindOf(finding) === 'waste') return undefined;
  const severity = finding.certainty === 'proved' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning;
  const problem = new vscode.Diagnostic(lineOf(place), `${finding.certainty === 'likely' ? 'Likely: ' : ''}${finding.title} ${finding.advice}`, severity);
  problem.source = 'Procession';
  problem.code = finding.rule;
  problem.relatedInformation = others.map((one) => new vscode.DiagnosticRelatedInformation(new vscode.Location(vscode.Uri.file(one.file), lineOf(one)), roleText[one.role]));
  return [vscode.Uri.file(place.file), problem];
}

/** The newest run of each command: one that is run again takes the problems of the one before away. */
function newest(reports: readonly Report[]): Report[] {
  return [...new Map(reports.map((report) => [`${report.run.cwd} ${report.run.command.join(' ')}`, report])).values()];
}

/** Shows the findings of the newest runs as problems: while a hang lasts, and what failed until it is run again or removed. */
export function followFindings(runs: RunStore): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection('procession.findings');
  let shown = '';
  const update = (): void => {
    const found = newest(runs.all().map(({ open }) => open.report())).flatMap((report) => currentIn(report).map((finding) => ({ run: report.run.id, finding })));
    const now = found.map(({ run, finding }) => `${run} ${keyOf(finding)} ${finding.certainty} ${finding.title}`).join('\n');
    if (now === shown) return;
    shown = now;
    const byFile = new Map<string, { uri: vscode.Uri; problems: vscode.Diagnostic[] }>();
    for (const { finding } of found) {
      const [uri, problem] = problemOf(finding) ?? [];
      if (!uri || !problem) continue;
      const known = byFile.get(uri.toString());
      if (known) known.problems.push(problem);
      else byFile.set(uri.toString(), { uri, problems: [problem] });
    }
    collection.clear();
    for (const { uri, problems } of byFile.values()) collection.set(uri, problems);
  };
  update();
  return vscode.Disposable.from(collection, runs.onDidChange(update));
}
