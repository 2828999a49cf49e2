import assert from 'node:assert/strict';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { Browser } from '../browser';
import { test, until } from '../inside/testing';
import { example, named, startedBy, tidy, untilRun } from './support';
import { workloadFile } from './workloadSupport';

/** The menus of files. The window of these tests is a remote one, as with SSH, WSL and containers: its files are `vscode-remote`. */

const runMenu = '.editor-actions :is(.codicon-drop-down-button, .codicon-chevron-down)';

async function entries(browser: Browser, what: string, open: () => Promise<void>): Promise<string[]> {
  await open();
  const found = await until(what, async () => {
    const menu = await browser.menu();
    return menu.length > 1 && menu;
  });
  await browser.press('Escape');
  return found;
}

test('the button beside an editor and the menu of the explorer run a file and a workload', async (context) => {
  tidy(context);
  const workload = workloadFile(context, 'menus.workload.json', { run: { python: 'workload_rows.py:half' }, over: { range: [10, 20] } });
  await context.look(async (browser) => {
    await vscode.commands.executeCommand('workbench.view.explorer');
    for (const [file, beside, below] of [
      [example('programs/family.py'), ['Run File', 'Debug File'], ['Run File']],
      [workload, ['Run Across Cores…', 'Debug One Row…'], ['Run Across Cores…', 'Debug One Row…']],
    ] as const) {
      await vscode.window.showTextDocument(vscode.Uri.file(file));
      const row = `.explorer-folders-view .monaco-list-row[aria-label^="${basename(file)}"]`;
      const explorer = await entries(browser, 'the menu of the explorer', () => browser.click(row, { button: 'right' }));
      for (const entry of below) assert.ok(explorer.includes(entry), `${entry} is in ${explorer.join(', ')}`);
      const editor = await entries(browser, 'the menu beside the editor', () => browser.click(runMenu));
      for (const entry of beside) assert.ok(editor.includes(entry), `${entry} is in ${editor.join(', ')}`);
    }
    await vscode.window.showTextDocument(vscode.Uri.file(example('programs/family.py')));
    const id = await startedBy(async () => {
      await browser.click('.explorer-folders-view .monaco-list-row[aria-label^="family.py"]', { button: 'right' });
      await browser.chooseMenu('Run File');
    });
    await untilRun(id, 'the family', (report) => named(report, 'watcher')?.state === 'running');
  });
}, { browserOnly: true });
