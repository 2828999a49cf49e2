import { pageBrowser, type Browser } from './browser';
import type { Workbench } from './workbench';

/** Opens a file of the workspace and runs it by the palette, as a person would. */
export async function runFile(workbench: Workbench, name: string): Promise<Browser> {
  const browser = pageBrowser(workbench.page);
  await browser.press('Control+p');
  await browser.type(name);
  await browser.choosePick(name);
  await workbench.page.locator('.tab', { hasText: name }).waitFor();
  await browser.press('F1');
  await browser.type('Procession: Run File');
  await browser.choosePick('Procession: Run File');
  return browser;
}
