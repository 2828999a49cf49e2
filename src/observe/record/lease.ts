import { readdirSync, rmSync, watch, writeFileSync, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import type { ProcessRef } from '../../core/events';
import { isSame } from '../system/identity';
import { watchersOf } from './runDirectory';

/** What a face asks of the observer of a run: look often, because a person is looking, or seldom. */
export type Attention = 'visible' | 'hidden';

/** Says in the run directory how closely this process (`id`) looks. The lease is void when the process is gone. */
export function takeLease(run: string, id: ProcessRef, attention: Attention): void {
  try {
    writeFileSync(join(watchersOf(run), `${id}.${attention}`), '', { mode: 0o600 });
    rmSync(join(watchersOf(run), `${id}.${attention === 'visible' ? 'hidden' : 'visible'}`), { force: true });
  } catch {
    // The run directory is gone or full: the observer keeps its own pace.
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
    if (!isSame(id)) rmSync(join(watchersOf(run), name), { force: true });
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
