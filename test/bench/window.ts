import { build } from 'esbuild';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { findChromium, openWorkbench } from '../host/workbench';
import { format, quantile, tableOf, type Options, type Result } from './lib/bench';
import { Crowd } from './lib/crowd';
import { addressVariable } from './lib/address';
import { memoryFolder } from './lib/observed';
import { builtCommandLine } from './lib/product';

export const name = 'window';

interface Row {
  members: number;
  /** children of one parent; 0: all are the root's */
  fold: number;
  changesPerSecond: number;
  lagMedian: number;
  lagP99: number;
  lagMax: number;
  /** p99 before anything changed */
  quietP99: number;
  activation: { waited: number; load?: number; call?: number; finish?: number };
  framesP95: number;
  framesMax: number;
  foldMs: number;
  unfoldMs: number;
  /** members that the public API knows at the end */
  known: number;
}

const list = '.part.sidebar .monaco-list';
const rows = `${list} .monaco-list-row`;

async function until<T>(what: string, look: () => Promise<T | undefined | false> | T | undefined | false, limit = 60_000): Promise<T> {
  for (const end = Date.now() + limit; Date.now() < end; await wait(50)) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`waited ${limit} ms for: ${what}`);
}

// Text, because it runs in the page: ms between the frames that are drawn while the tree is scrolled.
const watchFrames = `(() => {
  const gaps = [];
  let last = performance.now();
  let going = true;
  const frame = (now) => { gaps.push(now - last); last = now; if (going) requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  window.framesSoFar = () => { going = false; return gaps; };
})()`;

/** ms between frames while a person scrolls through the tree and back. */
async function scroll(page: Page): Promise<number[]> {
  await page.locator(list).first().hover();
  await page.evaluate(watchFrames);
  for (const direction of [1, -1]) {
    for (let turn = 0; turn < 20; turn++) {
      await page.mouse.wheel(0, direction * 400);
      await wait(30);
    }
  }
  return page.evaluate<number[]>('window.framesSoFar()');
}

/** ms from the key until the first row is folded, or its children are drawn. */
async function foldFirst(page: Page, key: 'ArrowLeft' | 'ArrowRight'): Promise<number> {
  await page.locator(list).first().focus();
  await page.keyboard.press('Home');
  const began = performance.now();
  await page.keyboard.press(key);
  await page.waitForFunction(`document.querySelectorAll(${JSON.stringify(rows)}).length ${key === 'ArrowLeft' ? '<= 2' : '> 5'}`, undefined, { polling: 'raf', timeout: 30_000 });
  return performance.now() - began;
}

async function measure(members: number, fold: number, seconds: number): Promise<Row> {
  const perSecond = 500;
  const folder = memoryFolder();
  const workspace = join(folder, 'workspace');
  const runs = join(folder, 'runs');
  for (const path of [workspace, runs]) mkdirSync(path);
  const tests = join(folder, 'inHost.cjs');
  await build({ entryPoints: [join(__dirname, 'lib/inHost.ts')], outfile: tests, bundle: true, platform: 'node', format: 'cjs', external: ['vscode'], logLevel: 'error' });
  const addressFile = join(folder, 'address');
  const crowd = new Crowd(join(runs, 'crowd'), pathToFileURL(workspace).href, members, fold);
  const workbench = await openWorkbench({
    folder: workspace, extension: dirname(dirname(builtCommandLine())), tests,
    env: { PROCESSION_RUNS: runs, [addressVariable]: addressFile },
  });
  try {
    await until('the extension host', () => existsSync(addressFile));
    const address = readFileSync(addressFile, 'utf8');
    const ask = async <T>(path: string): Promise<T> => (await fetch(`${address}${path}`)).json() as Promise<T>;
    const activation = await ask<Row['activation']>('/activation');
    const { page } = workbench;
    await page.locator('.part.activitybar .action-label[aria-label^="Procession"]').first().click({ force: true });
    await until('the rows', async () => (await page.locator(rows).count()) > 5);
    await until('all members', async () => (await ask<number>('/known')) >= members);
    const lags = async (ms: number): Promise<number[]> => {
      await ask('/reset');
      await wait(ms);
      return ask<number[]>('/lag');
    };
    await wait(2_000);
    const quiet = await lags((seconds * 1000) / 2);
    crowd.start(perSecond);
    await wait(2_000);
    const changed = crowd.changes;
    const began = performance.now();
    const busy = await lags(seconds * 1000);
    const changesPerSecond = ((crowd.changes - changed) / (performance.now() - began)) * 1000;
    const frames = await scroll(page);
    const foldMs = await foldFirst(page, 'ArrowLeft');
    const unfoldMs = await foldFirst(page, 'ArrowRight');
    crowd.stop();
    const known = await ask<number>('/known');
    await ask('/done');
    return {
      members, fold, changesPerSecond, lagMedian: quantile(busy, 0.5), lagP99: quantile(busy, 0.99), lagMax: quantile(busy, 1), quietP99: quantile(quiet, 0.99),
      activation, framesP95: quantile(frames, 0.95), framesMax: quantile(frames, 1), foldMs, unfoldMs, known,
    };
  } finally {
    crowd.stop();
    await workbench.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function canOpen(): boolean {
  try {
    return process.platform === 'linux' && findChromium() !== '';
  } catch {
    return false;
  }
}

/** What a real VS Code takes with a big run in its tree that changes all the time. */
export async function run({ quick }: Options): Promise<Result> {
  if (!canOpen()) return { table: 'Not measured: it needs Linux and a Chromium.', rows: [] };
  const results: Row[] = [];
  for (const fold of quick ? [0] : [0, 49]) results.push(await measure(quick ? 500 : 2_000, fold, quick ? 5 : 20));
  const ms = (...values: (number | undefined)[]): string => values.map((value) => format(value)).join(' / ');
  const line = (label: string, value: (row: Row) => string): string[] => [label, ...results.map(value)];
  return {
    table: `A run in the tree of a real VS Code in a browser, ms\n\n${tableOf(
      ['', ...results.map((row) => `${row.members.toLocaleString('en')} members, ${row.fold === 0 ? 'children of one' : `${row.fold} to a parent`}`)],
      [
        line('changes a second', (row) => format(row.changesPerSecond)),
        line('extension host late: median / p99 / longest', (row) => ms(row.lagMedian, row.lagP99, row.lagMax)),
        line('the same while nothing changes: p99', (row) => ms(row.quietP99)),
        line('activation: load / call / finish', ({ activation }) => ms(activation.load, activation.call, activation.finish)),
        line('between frames while scrolling: p95 / longest', (row) => ms(row.framesP95, row.framesMax)),
        line('fold / unfold the run', (row) => ms(row.foldMs, row.unfoldMs)),
      ],
    )}`,
    rows: results,
  };
}
