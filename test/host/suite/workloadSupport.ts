import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Browser } from '../browser';
import { until, type TestContext } from '../inside/testing';
import { example, folder } from './support';

/** Files that a test makes beside the programs. */
export function made(context: TestContext, name: string): string {
  const file = join(folder(), 'programs', name);
  context.after(() => rmSync(file, { force: true }));
  return file;
}

export function workloadFile(context: TestContext, name: string, workload: object): string {
  const file = made(context, name);
  writeFileSync(file, JSON.stringify(workload));
  return file;
}

/** Our problems in a file, as `line: message`. */
export const problems = (file: string): string[] => vscode.languages.getDiagnostics(vscode.Uri.file(file)).filter(({ source }) => source === 'Procession').map(({ message, range }) => `${range.start.line + 1}: ${message}`);

/** The line, from 1, of a program that fits. */
export const lineOf = (program: string, fits: RegExp): number => readFileSync(example(program), 'utf8').split('\n').findIndex((text) => fits.test(text)) + 1;

export const choose = (browser: Browser, lens: string): Promise<void> => browser.click(`.codelens-decoration a:has-text("${lens}")`);

/** The lenses that are drawn, in the words of each line. */
export const lensesOf = async (browser: Browser): Promise<string[]> => (await browser.texts('.codelens-decoration')).map((text) => text.replaceAll('\u00a0', ' '));

/** Answers the question that is open. */
export async function answer(browser: Browser, title: string, text: string): Promise<void> {
  await until(`the question ${title}`, async () => (await browser.texts('.quick-input-widget .quick-input-title')).some((found) => found.includes(title)));
  // The focus may still be in the page that asked.
  await browser.click('.quick-input-widget input');
  await browser.press('ControlOrMeta+a');
  await browser.type(text);
  await browser.press('Enter');
}

const openTitle = '.quick-input-widget:not([style*="display: none"]) .quick-input-title';

/** Names a file in the editor's own dialog, which looks at folders while one types: it may not be ready for the answer at first. */
export async function saveAs(browser: Browser, title: string, file: string): Promise<void> {
  await answer(browser, title, file);
  await until('the file is accepted', async () => {
    if (!(await browser.texts(openTitle)).some((text) => text.includes(title))) return true;
    await browser.press('Enter');
    return undefined;
  });
}

export const content = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
