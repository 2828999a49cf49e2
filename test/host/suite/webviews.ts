import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Browser } from '../browser';
import { test, until, type TestContext } from '../inside/testing';
import { api, startedBy, tidy, untilRow, untilRun } from './support';
import { workloadFile } from './workloadSupport';

/** Every page of the extension is opened and looks as its style sheet says: one that is missing in the package shows bare text. */

type Styles = Record<string, Record<string, string>>;

/** By the type of its webview: what opens a page, and styles that only its own sheet gives. */
const pages: Record<string, { open: (context: TestContext, browser: Browser) => Promise<void>; styles: Styles }> = {
  'procession.results': {
    open: async (context, browser) => {
      const file = workloadFile(context, 'styled.workload.json', { run: { python: 'workload_rows.py:half' }, over: { range: [0, 12] } });
      const id = await startedBy(() => vscode.commands.executeCommand('procession.runAcrossCores', vscode.Uri.file(file)));
      await untilRun(id, 'its end', ({ run }) => run.endedAt !== null);
      await untilRow(browser, 'what came out', ({ label }) => label === '11 of 12 done');
      await vscode.commands.executeCommand('procession.openResults', id);
      await until('the rows', async () => (await browser.webviewTexts('.row:not(.head)')).length === 12);
    },
    styles: {
      body: { margin: '0px', 'background-color': 'var(--vscode-editor-background)', color: 'var(--vscode-foreground)' },
      main: { display: 'flex', 'flex-direction': 'column' },
      '.row': { display: 'grid', height: '22px' },
      '.meter': { height: '4px' },
      '.failed > .status': { color: 'var(--vscode-errorForeground)' },
    },
  },
};

/** The types of all webviews that the code which is installed can open. */
function webviewTypes(): string[] {
  const code = readFileSync(join(vscode.extensions.getExtension('procession.procession')?.extensionPath ?? '', 'dist', 'extension.js'), 'utf8');
  return [...new Set([...code.matchAll(/(?:createWebviewPanel|registerWebviewViewProvider|registerCustomEditorProvider)\("([^"]+)"/g)].map(([, type]) => type ?? ''))];
}

/** `#cccccc` and `rgb(204, 204, 204)` as the same text. */
function colorOf(text: string): string {
  const hex = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(text.trim());
  return hex ? `rgb(${hex.slice(1).map((part) => parseInt(part, 16)).join(', ')})` : text;
}

/** A style with the colour of the theme in the place of its variable. */
async function meant(browser: Browser, style: string): Promise<string> {
  const variable = /^var\((.+)\)$/.exec(style)?.[1];
  return variable === undefined ? style : colorOf((await browser.webviewStyle('html', [variable]))[variable] ?? '');
}

test('every webview of the installed package is styled', async (context) => {
  tidy(context);
  await api();
  await vscode.commands.executeCommand('procession.processes.focus');
  assert.deepEqual(webviewTypes().sort(), Object.keys(pages).sort(), 'each has its entry here');
  await context.look(async (browser) => {
    for (const { open, styles } of Object.values(pages)) {
      await open(context, browser);
      for (const [selector, wanted] of Object.entries(styles)) {
        const found = await browser.webviewStyle(selector, Object.keys(wanted));
        for (const [property, style] of Object.entries(wanted)) assert.equal(found[property], await meant(browser, style), `${property} of ${selector}`);
      }
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    }
  });
}, { browserOnly: true });
