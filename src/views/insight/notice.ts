import * as vscode from 'vscode';
import { forMessage } from '../../core/escapes';
import { isHang } from '../../core/findings/rules';
import type { Finding } from '../../core/findings/finding';
import type { RunStore, WindowRun } from '../runStore';

/** What a person may answer. */
export interface Answers {
  nameOf: (run: WindowRun) => string;
  show: (run: WindowRun, finding: Finding) => unknown;
  stop: (run: WindowRun) => unknown;
}

/** Tells once of each run that hangs, when that is proved. */
export function noticeHangs(runs: RunStore, { nameOf, show, stop }: Answers): vscode.Disposable {
  const told = new Set<string>();
  const look = (): void => {
    for (const run of runs.all()) {
      const { open } = run;
      if (told.has(open.id)) continue;
      const report = open.report();
      const finding = report.run.endedAt === null ? report.findings.find((one) => one.certainty === 'proved' && isHang(one)) : undefined;
      if (!finding) continue;
      told.add(open.id);
      if (vscode.workspace.getConfiguration('procession').get<boolean>('insight.notify', true)) void tell(run, finding);
    }
  };
  const tell = async (run: WindowRun, finding: Finding): Promise<void> => {
    const answer = await vscode.window.showWarningMessage(forMessage(`${nameOf(run)} can't go on. ${finding.title}`), 'Show', 'Show Stacks', 'Stop');
    if (answer === 'Show') await show(run, finding);
    else if (answer === 'Show Stacks') await vscode.commands.executeCommand('procession.showStacks', { row: { kind: 'run', report: { run: { id: run.open.id } } } });
    else if (answer === 'Stop') await stop(run);
  };
  look();
  return runs.onDidChange(look);
}
