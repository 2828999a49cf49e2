import { hasUncaught, recordUncaught, watchErrors } from './errors';
import { onExit } from './exit';
import { record } from './journal';
import { quietly } from './quietly';
import type { Frame } from './site';
import { siteOf } from './site';

let lastCode: number | undefined;

function lastWords(resourceUsage: () => NodeJS.ResourceUsage, code: number, frames: readonly Frame[]): void {
  if (lastCode === code) return;
  lastCode = code;
  const called = frames.length > 0;
  const via = called ? 'process.exit' : hasUncaught() && code !== 0 ? 'exception' : 'return';
  if (code !== 0) quietly(recordUncaught);
  const { userCPUTime, systemCPUTime, maxRSS } = resourceUsage();
  record({
    e: 'exit',
    code,
    signal: null,
    via,
    site: called ? siteOf(frames) : undefined,
    cpu: (userCPUTime + systemCPUTime) / 1e6,
    rss: maxRSS * 1024,
  });
}

/** Observes how the process ends: an uncaught exception, and its last words. */
export function watchEndings(): void {
  // Taken now: the program may replace it.
  const resourceUsage = process.resourceUsage.bind(process);
  onExit((code, frames) => lastWords(resourceUsage, code, frames), hasUncaught);
  watchErrors();
}
