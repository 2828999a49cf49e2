// `npm run screenshot`: pictures of the tree of a running program, in the dark and the light theme, for the README.
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { pageBrowser } from './browser';
import { openWorkbench } from './workbench';

const repository = resolve(__dirname, '..', '..');
const pictures = { 'tree-dark': 'Default Dark Modern', 'tree-light': 'Default Light Modern' };
/** A pool of workers, named processes, a daemon and one that has failed. */
const program = 'render_frames.py';

async function main(): Promise<void> {
  for (const [name, theme] of Object.entries(pictures)) {
    const workspace = realpathSync(mkdtempSync(join(tmpdir(), 'procession-picture-')));
    cpSync(join(__dirname, 'picture'), workspace, { recursive: true });
    const file = join(repository, 'media', `${name}.png`);
    try {
      await take(workspace, theme, file);
    } finally {
      rmSync(workspace, { recursive: true, force: true, maxRetries: 5 });
    }
    console.log(file);
  }
}

async function take(workspace: string, theme: string, file: string): Promise<void> {
  const settings = { 'workbench.layoutControl.enabled': false, 'window.commandCenter': false, 'breadcrumbs.enabled': false, 'editor.minimap.enabled': false };
  const workbench = await openWorkbench({ folder: workspace, extension: repository, theme, settings, viewport: { width: 1080, height: 620 }, scale: 2 });
  const browser = pageBrowser(workbench.page);
  try {
    await browser.press('Control+p');
    await browser.type(program);
    await browser.choosePick(program);
    await workbench.page.locator('.tab', { hasText: program }).waitFor();
    await browser.press('F1');
    await browser.type('Procession: Run File');
    await browser.choosePick('Procession: Run File');
    await workbench.page.locator('.part.activitybar .action-label[aria-label^="Procession"]').first().click();
    await waitForRows(browser);
    await browser.screenshot(file);
  } finally {
    await workbench.close();
  }
}

/** Waits until a pool is at work, and one process has ended, each with its row and its numbers drawn. */
async function waitForRows(browser: ReturnType<typeof pageBrowser>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    const rows = await browser.rows('Processes');
    const drawn = rows.map(({ label, description }) => `${label} ${description}`).join('\n');
    if (/ForkPoolWorker-4/.test(drawn) && /% /.test(drawn) && /ValueError/.test(drawn)) return;
    await new Promise((next) => setTimeout(next, 200));
  }
  throw new Error('The rows of the running program were not drawn within a minute.');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
