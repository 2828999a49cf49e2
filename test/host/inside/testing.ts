import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

import { bridgeVariable, remoteBrowser } from '../bridge';
import type { Browser } from '../browser';

/** The variable that names the file of results, one JSON object a line; the runner believes nothing else. */
export const resultsVariable = 'PROCESSION_TEST_RESULTS';

/** The variable that names the folder for pictures of the window, taken when a test fails. */
export const picturesVariable = 'PROCESSION_TEST_PICTURES';

/** The variable that picks tests by a part of their name; several stand on lines of their own. */
export const onlyVariable = 'PROCESSION_TEST_ONLY';

export type Result =
  | { kind: 'begin'; name: string }
  | { kind: 'end'; name: string; outcome: 'passed' | 'failed' | 'skipped'; milliseconds: number; error?: string; unseen: number }
  | { kind: 'done' };

export interface TestContext {
  /**
   * Looks at what is drawn. Where no browser can be driven (a desktop VS Code) the look is left out and
   * counted as skipped, and the rest of the test goes on.
   */
  look(check: (browser: Browser) => Promise<void>): Promise<void>;
  /** runs when the test has ended, however it ended; the last registered first */
  after(cleanup: () => unknown): void;
}

interface Test {
  name: string;
  run: (context: TestContext) => Promise<void>;
  limit: number;
  browserOnly: boolean;
}

const tests: Test[] = [];

/** Registers a test. `limit` is in milliseconds; `browserOnly` skips it where there is no browser to drive. */
export function test(name: string, run: (context: TestContext) => Promise<void>, options: { limit?: number; browserOnly?: boolean } = {}): void {
  tests.push({ name, run, limit: options.limit ?? 60_000, browserOnly: options.browserOnly ?? false });
}

/** Waits until `look` gives something that is not undefined or false; fails with `what` and the last look after `limit` milliseconds. */
export async function until<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>, limit = 20_000): Promise<T> {
  const end = Date.now() + limit;
  for (let last: unknown; ;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`waited ${limit} ms for: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Runs every registered test in order. Rejects when one has failed, which is how an editor learns of it. */
export async function runTests(): Promise<void> {
  const only = process.env[onlyVariable]?.split('\n').filter((text) => text !== '') ?? [];
  const chosen = only.length > 0 ? tests.filter(({ name }) => only.some((text) => name.includes(text))) : tests;
  let failed = 0;
  for (const one of chosen) {
    report({ kind: 'begin', name: one.name });
    const result = await runTest(one);
    if (result.outcome === 'failed') failed++;
    report(result);
  }
  report({ kind: 'done' });
  if (failed > 0) throw new Error(`${failed} tests failed`);
}

async function runTest({ name, run, limit, browserOnly }: Test): Promise<Result & { kind: 'end' }> {
  const started = Date.now();
  const address = process.env[bridgeVariable];
  const browser = address ? remoteBrowser(address) : undefined;
  let unseen = 0;
  const ended = (outcome: 'passed' | 'failed' | 'skipped', error?: string) =>
    ({ kind: 'end', name, outcome, milliseconds: Date.now() - started, unseen, ...(error !== undefined && { error }) }) as const;
  if (browserOnly && !browser) return ended('skipped');
  const cleanups: (() => unknown)[] = [];
  const context: TestContext = {
    look: async (check) => {
      if (browser) await check(browser);
      else unseen++;
    },
    after: (cleanup) => { cleanups.unshift(cleanup); },
  };
  const errors: string[] = [];
  await bounded(run(context), limit).catch(async (error: unknown) => {
    errors.push(describe(error));
    await browser?.screenshot(join(process.env[picturesVariable] ?? '.', `${name.replace(/[^\w-]+/g, '-')}.png`)).catch(() => undefined);
  });
  for (const cleanup of cleanups) await bounded(Promise.resolve().then(cleanup), 15_000).catch((error: unknown) => errors.push(describe(error)));
  return errors.length > 0 ? ended('failed', errors.join('\n')) : ended('passed');
}

async function bounded(work: Promise<unknown>, limit: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the test did not end within ${limit} ms`)), limit);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\nbecause: ${describe(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

function report(result: Result): void {
  const file = process.env[resultsVariable];
  const line = JSON.stringify(result);
  if (file) appendFileSync(file, `${line}\n`);
  else console.log(line);
}
