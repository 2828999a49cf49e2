import * as vscode from 'vscode';
import { HumanError, messageOf } from '../../../core/errors';
import { forMessage } from '../../../core/escapes';
import { ResultsFile } from '../../../workload/journal/results';
import { rowText } from '../../../workload/journal/journal';
import { debugRow, rowOf } from '../run/debugRow';
import type { Followed } from '../run/followed';
import type { TableData } from './tableData';
import type { Act, ToHost } from './tableProtocol';
import { showOutput } from '../run/taskOutput';
import type { Workloads } from '../run/workloads';

type Whole = Extract<ToHost, { do: 'whole' }>['act'];

/** What a person can do with a task, from the table and from the tree. */
export class TableActions {
  constructor(private readonly workloads: Workloads) {}

  /** Never rejects: what goes wrong is shown. */
  async act(act: Act, index: number, followed: Followed, data: TableData): Promise<void> {
    await this.#told(async () => {
      const line = await data.line(index);
      switch (act) {
        case 'output':
          if (!line) throw new HumanError(`Row ${index} has not come to its end yet.`);
          return showOutput(followed, line.entry);
        case 'goTo': {
          const { file, line: at } = line?.entry.e === 'fail' ? line.entry.error : {};
          if (!file || !at) throw new HumanError('No line of the program is known for this.');
          await vscode.commands.executeCommand('procession.openLocation', { file, line: at });
          return;
        }
        case 'again':
          return this.workloads.again(followed, [index], line?.entry.e === 'done');
        case 'debug':
          return this.debug(followed, index, line && rowText(line.text, line.entry));
      }
    });
  }

  /** Debugs a row whose text may be too long for the journal. */
  async debug(followed: Followed, index: number, row: string | undefined): Promise<void> {
    const { workload } = followed;
    const { dist } = this.workloads.context.window;
    if (!workload) throw new HumanError('The workload is not known yet.');
    if (row === undefined && !workload.file) throw new HumanError('This row was too long to be kept, and the workload was not given in a file.');
    await debugRow(workload, row ?? (await rowOf(workload.file ?? '', index, dist)), index, dist);
  }

  async whole(act: Whole, followed: Followed, data: TableData): Promise<void> {
    await this.#told(async () => {
      switch (act) {
        case 'export': return exportRows(followed, data);
        case 'retryFailed': return this.retryFailed(followed);
        case 'pause': return this.workloads.control(followed, { do: 'pause' });
        case 'resume': return this.workloads.control(followed, { do: 'resume' });
        case 'stop': return this.workloads.control(followed, { do: followed.progress?.state === 'stopping' ? 'stopNow' : 'stop' });
        case 'goOn': return this.workloads.goOn(followed, ['--resume']);
      }
    });
  }

  /** Runs again what has failed. A living runner is told the rows that are known here. */
  async retryFailed(followed: Followed): Promise<void> {
    if (followed.isLive) await this.workloads.again(followed, [...followed.failures.keys()]);
    else await this.workloads.goOn(followed, ['--retry-failed']);
  }

  async #told(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof HumanError)) this.workloads.context.log.error(error as Error);
      void vscode.window.showErrorMessage(forMessage(messageOf(error)));
    }
  }
}

/** Writes the rows that are shown, in their order, to a file that the person names. */
async function exportRows(followed: Followed, data: TableData): Promise<void> {
  const folder = followed.workload?.directory;
  const target = await vscode.window.showSaveDialog({
    title: 'Export Results', filters: { 'CSV': ['csv'], 'JSON Lines': ['jsonl'] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(vscode.Uri.file(folder), `${followed.name}.results.csv`) }),
  });
  if (!target) return;
  const file = new ResultsFile(target.fsPath);
  let count = 0;
  const whole = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: 'Exporting', cancellable: true }, async (report, cancelled) => {
    for await (const results of data.results()) {
      if (cancelled.isCancellationRequested) return false;
      for (const result of results) file.add(result);
      file.flush();
      count += results.length;
      report.report({ message: `${count.toLocaleString('en-US')} of ${data.total.toLocaleString('en-US')} rows` });
    }
    return true;
  });
  if (whole) file.publish();
  file.close();
  if (!whole) return;
  const answer = await vscode.window.showInformationMessage(`${count.toLocaleString('en-US')} results were written to ${vscode.workspace.asRelativePath(target)}.`, 'Open');
  if (answer) await vscode.commands.executeCommand('vscode.open', target);
}
