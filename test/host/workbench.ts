import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { chromium, type Browser as Chromium, type Page } from 'playwright-core';

import { startServer, type Server, type ServerOptions, type WindowOptions } from './server';

export interface WorkbenchOptions extends ServerOptions, WindowOptions {
  /** id of a colour theme, as in the setting workbench.colorTheme */
  theme?: string;
  viewport?: { width: number; height: number };
  /** pixels of the screenshot per pixel of the page */
  scale?: number;
}

/** A VS Code window in a browser of its own, on a server of its own. */
export interface Workbench {
  page: Page;
  server: Server;
  /** what the page has written to its console, errors of the workbench among it */
  consoleText(): string;
  /** does something, and adds what the window shows to the error when it fails: a log is all that some machines leave */
  showing<T>(act: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const flags = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--no-first-run', '--disable-quic'];

/** Opens a real workbench on a folder and waits until it is drawn. The caller closes it, whatever happens. */
export async function openWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const { theme = 'Default Dark Modern' } = options;
  const server = await startServer({ ...options, settings: { 'workbench.colorTheme': theme, ...options.settings } });
  let browser: Chromium | undefined;
  const close = async () => {
    await browser?.close();
    await server.stop();
  };
  try {
    browser = await chromium.launch({ executablePath: findChromium(), args: flags });
    const page = await browser.newPage({
      viewport: options.viewport ?? { width: 1280, height: 900 },
      deviceScaleFactor: options.scale ?? 1,
      colorScheme: /light/i.test(theme) ? 'light' : 'dark',
    });
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    let consoleText = '';
    page.on('console', (message) => { consoleText += `${message.type()}: ${message.text()}\n`; });
    await page.goto(server.url(options), { waitUntil: 'domcontentloaded' });
    await page.waitForSelector('.monaco-workbench .part.statusbar .statusbar-item', { timeout: 90_000 });
    await page.waitForSelector('.monaco-workbench .part.activitybar .action-item', { timeout: 30_000 });
    return { page, server, consoleText: () => consoleText, showing: (act) => showing(page, act), close };
  } catch (error) {
    const output = server.output();
    await close();
    throw new Error(`The workbench did not open. The server said:\n${output}`, { cause: error });
  }
}

async function showing<T>(page: Page, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const text = await page.locator('body').innerText().catch(String);
    throw new Error(`${error instanceof Error ? error.message : String(error)}\nThe window shows:\n${text.replace(/\n\s*\n+/g, '\n')}`, { cause: error });
  }
}

/** The browser of this machine: $CHROME_PATH, else a Chromium or Chrome on PATH. */
export function findChromium(): string {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const candidates = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  const found = [process.env.CHROME_PATH ?? '', ...candidates].find((path) => path !== '' && existsSync(path));
  if (found === undefined) throw new Error('No Chromium found. Install one (Debian: apt install chromium) or set CHROME_PATH.');
  return found;
}
