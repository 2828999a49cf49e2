// `npm run screenshot`: pictures of the tree of a running program, in the dark and the light theme, for the README.
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import type { Page } from 'playwright-core';

import { findPythons } from '../interpreters.mjs';
import { runFile } from './actions';
import { pageBrowser, type Browser } from './browser';
import { openWorkbench } from './workbench';

const repository = resolve(__dirname, '..', '..');
const pictures = { 'tree-dark': 'Default Dark Modern', 'tree-light': 'Default Light Modern' };
/** A pool of workers, named processes, a daemon and one that has failed. */
const program = 'render_frames.py';

async function main(): Promise<void> {
  for (const [name, theme] of Object.entries(pictures)) {
    const workspace = realpathSync(mkdtempSync(join(tmpdir(), 'procession-picture-')));
    cpSync(join(__dirname, 'picture'), workspace, { recursive: true });
    choosePython(workspace);
    const file = join(repository, 'media', `${name}.png`);
    try {
      await take(workspace, theme, file);
    } finally {
      rmSync(workspace, { recursive: true, force: true, maxRetries: 5 });
    }
    console.log(file);
  }
}

/** Lets the workspace have an interpreter of its own: a version manager's script would show the shells that it starts. */
function choosePython(workspace: string): void {
  const python = findPythons().at(-1);
  if (!python) throw new Error('No Python was found.');
  mkdirSync(join(workspace, '.venv', 'bin'), { recursive: true });
  symlinkSync(python.path, join(workspace, '.venv', 'bin', 'python'));
}

async function take(workspace: string, theme: string, file: string): Promise<void> {
  const settings = { 'workbench.layoutControl.enabled': false, 'window.commandCenter': false, 'breadcrumbs.enabled': false, 'editor.minimap.enabled': false };
  const workbench = await openWorkbench({ folder: workspace, extension: repository, theme, settings, viewport: { width: 1200, height: 640 }, scale: 2 });
  try {
    await widenSidebar(workbench.page, 560);
    const browser = await runFile(workbench, program);
    await waitForRows(browser);
    await browser.hover('.part.statusbar');
    await browser.screenshot(file);
  } catch (error) {
    await pageBrowser(workbench.page).screenshot(join(repository, 'out', 'host', 'screenshot-failed.png'));
    throw error;
  } finally {
    await workbench.close();
  }
}

/** Drags the side bar's edge, so that whole rows are to be read. */
async function widenSidebar(page: Page, width: number): Promise<void> {
  const box = await page.locator('.part.sidebar').boundingBox();
  if (!box) throw new Error('There is no side bar.');
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width + 2, y);
  await page.mouse.down();
  await page.mouse.move(box.x + width, y, { steps: 5 });
  await page.mouse.up();
  await page.mouse.move(box.x + width + 200, 20);
}

/** Waits until the workers of the pool have their numbers drawn, and the one that failed its error. */
async function waitForRows(browser: Browser): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    const rows = await browser.rows('Processes');
    const atWork = rows.filter(({ label, description }) => label.startsWith('ForkPoolWorker') && description.includes('%'));
    if (atWork.length === 4 && rows.some(({ description }) => description.includes('ValueError'))) return;
    await new Promise((next) => setTimeout(next, 200));
  }
  throw new Error('The rows of the running program were not drawn within a minute.');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
