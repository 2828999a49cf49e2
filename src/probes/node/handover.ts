import { workerThreads } from './builtins';
import type { Taken } from './taken';

/**
 * A worker thread may be given any environment, so it is told by the data that Node passes on to each thread beside
 * `workerData` (`setEnvironmentData`). Nobody finds it there who doesn't know the key.
 */

const key = 'procession';

/** Says what the next thread that this one makes is to know; undefined: nothing. */
export const tellThread = (taken: Taken | undefined): void => workerThreads().setEnvironmentData(key, taken);

/** What this thread was told, once. */
export function takeThreadMark(): Taken | undefined {
  const taken = workerThreads().getEnvironmentData(key) as Taken | undefined;
  tellThread(undefined);
  return taken;
}
