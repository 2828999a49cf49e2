import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { mapStack } from './bundle';
import type { Result } from './inside/testing';

export interface Tally {
  passed: number;
  failed: number;
  /** whole tests, and looks at the drawn window, that were left out where no browser can be driven */
  skipped: number;
  /** the names of the tests that failed; undefined when the window was lost, after which nothing is known of the rest */
  names?: string[];
}

/** A test may take as long as its own limit; nothing at all for longer than this means that the editor is lost. */
const silence = 180_000;

/**
 * Follows the file of results until the last one, printing each, and counts them. `bundle` is the module
 * that holds the tests; `lost` tells why nothing more will come (the editor ended), or undefined while it lives.
 */
export async function followResults(file: string, bundle: string, lost: () => string | undefined): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0, names: [] };
  let read = 0;
  let current: string | undefined;
  for (let since = Date.now(); ;) {
    const ending = lost();
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    for (const line of lines.slice(read)) {
      const result = JSON.parse(line) as Result;
      if (result.kind === 'done') return tally;
      current = result.kind === 'begin' ? result.name : undefined;
      if (result.kind === 'end') count(tally, result, bundle);
      since = Date.now();
    }
    read = lines.length;
    const reason = ending ?? (Date.now() - since > silence ? `no result for ${silence / 1000} s` : undefined);
    if (reason !== undefined) {
      console.log(`✖ ${current ?? 'the tests'}: ${reason}`);
      tally.failed++;
      delete tally.names;
      return tally;
    }
    await delay(100);
  }
}

/** Makes the file, empty, before anybody writes to it. */
export function createResults(file: string): void {
  writeFileSync(file, '');
}

function count(tally: Tally, result: Result & { kind: 'end' }, bundle: string): void {
  const sign = { passed: '✔', failed: '✖', skipped: '﹣' }[result.outcome];
  const unseen = result.unseen > 0 ? `, ${result.unseen} looks at the window skipped` : '';
  console.log(`${sign} ${result.name} (${(result.milliseconds / 1000).toFixed(1)} s${unseen})`);
  if (result.error !== undefined) console.log(mapStack(result.error, bundle).replace(/^/gm, '    '));
  tally[result.outcome]++;
  if (result.outcome === 'failed') tally.names?.push(result.name);
  tally.skipped += result.unseen;
}
