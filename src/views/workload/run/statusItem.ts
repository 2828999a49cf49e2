import * as vscode from 'vscode';
import { forMessage } from '../../../core/escapes';
import type { Followed } from './followed';
import { doneText, endText, isLive, restText } from './words';
import type { Workloads } from './workloads';

/** Shows the newest workload that runs in the status bar. */
export function followInStatusBar(workloads: Workloads): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('procession.workload', vscode.StatusBarAlignment.Left);
  item.name = 'Procession Workload';
  let shown = '';
  const update = (): void => {
    const followed = workloads.live();
    const progress = followed?.progress;
    if (!followed || !progress) {
      item.hide();
      return;
    }
    const share = progress.total ? ` ${Math.floor((100 * (progress.done + progress.failed)) / progress.total)} %` : '';
    const icon = progress.state === 'running' ? 'sync~spin' : progress.state === 'paused' ? 'debug-pause' : 'debug-stop';
    item.text = `$(${icon}) ${followed.name}${share}${progress.failed ? ` $(error) ${progress.failed}` : ''}`;
    item.tooltip = `${followed.name}: ${doneText(progress)} · ${restText(progress)}\nOpen Results`;
    // A command that is set anew is lost for a click that has just begun.
    if (shown !== followed.id) item.command = { command: 'procession.openResults', title: 'Open Results', arguments: [followed.id] };
    shown = followed.id;
    item.show();
  };
  return vscode.Disposable.from(item, workloads.onDidChange(update));
}

/** Shows the progress of one workload as a notification that can cancel it, where the person wants that. */
export function followInNotification(workloads: Workloads, followed: Followed): void {
  if (vscode.workspace.getConfiguration('procession').get<string>('workloadProgress') !== 'notification') return;
  void vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: followed.name, cancellable: true }, (report, cancelled) => new Promise<void>((done) => {
    // A short one has ended before anybody listened.
    if (!followed.isLive) return done();
    let shown = 0;
    cancelled.onCancellationRequested(() => void workloads.control(followed, { do: 'stop' }).catch(() => undefined));
    const subscription = workloads.onDidChange((changed) => {
      const { progress } = changed;
      if (changed !== followed || !progress) return;
      const share = progress.total ? (100 * (progress.done + progress.failed)) / progress.total : 0;
      report.report({ message: `${doneText(progress)} · ${restText(progress)}`, increment: Math.max(0, share - shown) });
      shown = Math.max(shown, share);
      if (changed.isLive) return;
      subscription.dispose();
      done();
    });
  }));
}

/** Tells the end of a workload that was started here, with what to do next. */
export async function tellEnd(followed: Followed): Promise<'Open Results' | 'Retry Failed' | 'Resume' | undefined> {
  const { progress, name } = followed;
  if (!progress || isLive(progress)) {
    return vscode.window.showWarningMessage(`${forMessage(name)}: its runner was ended from outside. Nothing is lost: Resume goes on where it was.`, 'Resume', 'Open Results');
  }
  const text = forMessage(`${name}: ${endText(progress)}`);
  if (progress.state === 'refused') return vscode.window.showErrorMessage(text, 'Open Results');
  return progress.failed ? vscode.window.showWarningMessage(text, 'Open Results', 'Retry Failed') : vscode.window.showInformationMessage(text, 'Open Results');
}
