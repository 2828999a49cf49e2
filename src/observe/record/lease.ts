import { closeSync, readdirSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import type { ProcessRef } from '../../core/events';
import { isSame } from '../system/identity';
import { openAfresh, removeFile } from './ownFiles';
import { watchersOf } from './runDirectory';

/** What a face asks of the observer of a run: look often, because a person is looking, or seldom. */
export type Attention = 'visible' | 'hidden';

/** Says in the run directory how closely this process (`id`) looks. The lease is void when the process is gone. */
export function takeLease(run: string, id: ProcessRef, attention: Attention): void {
  try {
    closeSync(openAfresh(join(watchersOf(run), `${id}.${attention}`)));
    removeFile(join(watchersOf(run), `${id}.${attention === 'visible' ? 'hidden' : 'visible'}`));
  } catch {
    // The run directory is gone or full: the observer keeps its own pace. Or it is another user's: nothing is left there.
  }
}

function forget(lease: string): void {
  try {
    removeFile(lease);
  } catch {
    // Somebody else's folder: it is void all the same.
  }
}

/** The leases in a run directory, those of processes that are gone among them. */
function leasesOf(run: string): { name: string; id: ProcessRef; attention: Attention }[] {
  try {
    return readdirSync(watchersOf(run)).flatMap((name) => {
      const [, id, attention] = /^(.+)\.(visible|hidden)$/.exec(name) ?? [];
      return id === undefined ? [] : [{ name, id, attention: attention as Attention }];
    });
  } catch {
    return [];
  }
}

/** The closest attention of any living process; undefined when nobody looks. */
export function attentionOf(run: string): Attention | undefined {
  let found: Attention | undefined;
  for (const { name, id, attention } of leasesOf(run)) {
    if (!isSame(id)) forget(join(watchersOf(run), name));
    else if (attention === 'visible') found = 'visible';
    else found ??= 'hidden';
  }
  return found;
}

/** Whether a living process other than this one (`self`) looks: another window shows the run. */
export function isShownElsewhere(run: string, self: ProcessRef): boolean {
  return leasesOf(run).some(({ id }) => id !== self && isSame(id));
}

/** Calls back when a lease is taken or changed. */
export function watchLeases(run: string, changed: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(watchersOf(run), { persistent: false }, changed);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
