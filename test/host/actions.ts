import { pageBrowser, type Browser } from './browser';
import type { Workbench } from './workbench';

/** Opens a file of the workspace, and has the cursor in it. */
export async function openFile(workbench: Workbench, name: string): Promise<Browser> {
  const browser = pageBrowser(workbench.page);
  await browser.quickly('Control+p', name);
  await workbench.page.locator('.tab.active', { hasText: name }).waitFor();
  // The palette offers what fits the editor that has the focus.
  await workbench.page.locator('.editor-instance .monaco-editor.focused').first().waitFor();
  return browser;
}

/** Opens a file of the workspace and runs it by the palette, as a person would. */
export async function runFile(workbench: Workbench, name: string): Promise<Browser> {
  const browser = await openFile(workbench, name);
  await browser.quickly('F1', 'Procession: Run File');
  return browser;
}
