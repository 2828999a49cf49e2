import { readdirSync } from 'node:fs';
import type { ProcessRef } from '../core/events';
import { isSame } from '../observe/identity';
import { watchersOf } from '../observe/runDirectory';

/** Whether another window that lives shows a run: each has a lease in the run directory, named after its process. */
export function isShownElsewhere(run: string, self: ProcessRef): boolean {
  try {
    return readdirSync(watchersOf(run)).some((name) => {
      const window = name.replace(/\.(visible|hidden)$/, '');
      return window !== self && isSame(window);
    });
  } catch {
    return false;
  }
}
