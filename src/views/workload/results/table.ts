import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { describeSummary } from '../../../workload/journal/summary';
import type { Followed } from '../run/followed';
import type { TableActions } from './tableActions';
import { TableData } from './tableData';
import type { TableHead, ToHost, ToPage } from './tableProtocol';
import { doneText, restText, stateText } from '../run/words';
import type { Workloads } from '../run/workloads';

/** Rows that a page may ask for at once. */
const mostRows = 500;
/** The table is arranged anew at most this often, in ms, and the longer that takes the less often. */
const arrangeEvery = 500;
const restFactor = 10;
/** ms from which on it is said that the rows are being arranged */
const slowFrom = 150;

/** The results of one run as a table: the page draws, this side reads the journal. */
export class ResultsTable implements vscode.Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly data: TableData;
  #followed: Followed;
  #timer: NodeJS.Timeout | undefined;
  #sent = '';
  /** something has come that the table does not show yet */
  #dirty = false;
  /** counts what the page was told to show */
  #view = 0;
  #subscriptions: vscode.Disposable;

  constructor(followed: Followed, private readonly workloads: Workloads, private readonly actions: TableActions, private readonly closed: () => void) {
    this.#followed = followed;
    this.data = new TableData(followed);
    const dist = vscode.Uri.file(workloads.context.window.dist);
    this.#panel = vscode.window.createWebviewPanel('procession.results', `Results: ${followed.name}`, { viewColumn: vscode.ViewColumn.Active }, { enableScripts: true, localResourceRoots: [dist], retainContextWhenHidden: false });
    this.#subscriptions = vscode.Disposable.from(
      this.#panel.webview.onDidReceiveMessage((message: ToHost) => void this.#receive(message)),
      workloads.onDidChange((changed) => {
        if (changed.id === this.id) this.#news();
      }),
      this.#panel.onDidDispose(() => {
        this.dispose();
        this.closed();
      }),
    );
    this.#panel.webview.html = pageOf(this.#panel.webview, dist, followed.name);
  }

  get id(): string {
    return this.#followed.id;
  }

  show(): void {
    this.#panel.reveal();
  }

  #post(message: ToPage): void {
    void this.#panel.webview.postMessage(message);
  }

  /** A resumed run is followed by a new object. */
  #news(): void {
    this.#followed = this.workloads.get(this.id) ?? this.#followed;
    this.data.followed = this.#followed;
    this.#tellHead();
    this.#dirty = true;
    this.#timer ??= setTimeout(() => void this.#arrange(), arrangeEvery);
  }

  async #arrange(force = false): Promise<void> {
    this.#dirty = false;
    const before = this.data.version;
    await this.data.update();
    const began = Date.now();
    const slow = setTimeout(() => this.#post({ do: 'arranging' }), slowFrom);
    const isDone = await this.data.arrange();
    clearTimeout(slow);
    // Another order was asked for: who did that goes on.
    if (!isDone) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#dirty || this.#followed.isLive) this.#news();
    }, Math.max(arrangeEvery, (Date.now() - began) * restFactor));
    if (force || before !== this.data.version || this.#followed.isLive) this.#post({ do: 'arranged', view: ++this.#view, total: this.data.total, order: this.data.shown });
  }

  #tellHead(): void {
    const head = headOf(this.#followed);
    const text = JSON.stringify(head);
    if (text === this.#sent) return;
    this.#sent = text;
    this.#post({ do: 'head', head });
  }

  async #receive(message: ToHost): Promise<void> {
    switch (message.do) {
      case 'ready':
        this.#sent = '';
        this.#tellHead();
        return this.#arrange(true);
      case 'want': {
        const view = this.#view;
        const rows = await this.data.rows(Math.max(0, message.from), Math.min(mostRows, message.count));
        return this.#post({ do: 'rows', view, from: message.from, rows });
      }
      case 'order':
        this.data.order = message.order;
        return this.#arrange(true);
      case 'select':
        return this.#post({ do: 'detail', detail: await this.data.detail(message.index) });
      case 'act':
        return this.actions.act(message.act, message.index, this.#followed, this.data);
      case 'open':
        return void vscode.commands.executeCommand('procession.openLocation', { file: message.file, line: message.line });
      case 'whole':
        return this.actions.whole(message.act, this.#followed, this.data);
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.data.close();
    this.#subscriptions.dispose();
    this.#panel.dispose();
  }
}

function headOf(followed: Followed): TableHead {
  const { progress, name, alive } = followed;
  if (!progress) return { name, state: 'starting', counts: '', share: null, failedShare: 0, summary: [], live: true, paused: false, failed: 0 };
  const { total, done, failed, summary, state } = progress;
  return {
    name, state: stateText(progress, alive), counts: [doneText(progress), restText(progress)].filter(Boolean).join(' · '),
    share: total ? done / total : total === 0 ? 1 : null, failedShare: total ? failed / total : 0,
    summary: summary && state !== 'refused' ? describeSummary(summary) : [], live: followed.isLive, paused: state === 'paused', failed,
  };
}

const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** The page: nothing but our own script and style, and no way out of it. */
function pageOf(webview: vscode.Webview, dist: vscode.Uri, name: string): string {
  const nonce = randomBytes(18).toString('base64');
  const uri = (file: string): string => webview.asWebviewUri(vscode.Uri.file(join(dist.fsPath, file))).toString();
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Results: ${escape(name)}</title>
<link rel="stylesheet" href="${uri('workloadTable.css')}">
</head>
<body><main id="table"></main><script nonce="${nonce}" src="${uri('workloadTable.js')}"></script></body>
</html>`;
}
