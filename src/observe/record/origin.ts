import { lstatSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { isPrivateFolder } from './ownFiles';
import { ownPidNamespace } from '../system/linux/ownProc';

/** Where the processes of a record are: pids and start times mean nothing elsewhere, or after a reboot. */
export interface Origin {
  host: string;
  /** the boot of that host: `/proc/sys/kernel/random/boot_id` (random(4)) */
  boot?: string;
  /** the pid namespace whose pids the record tells */
  pidNamespace?: string;
  /** device and inode of the run directory: a copy of it is no run */
  directory?: string;
}

function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return undefined;
  }
}

function directoryId(run: string): string | undefined {
  try {
    const { dev, ino } = lstatSync(run, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** The origin of a run whose processes are about to be started by this one. */
export function originOf(run: string): Origin {
  const [boot, pidNamespace, directory] = [bootId(), ownPidNamespace(), directoryId(run)];
  return { host: hostname(), ...(boot === undefined ? {} : { boot }), ...(pidNamespace === undefined ? {} : { pidNamespace }), ...(directory === undefined ? {} : { directory }) };
}

/** Whether the processes that a record tells of are those of this machine, now. */
export function isHereAndNow(run: string, origin: Origin): boolean {
  const here = originOf(run);
  // A host may get another name while it runs; no two have the same boot.
  return (['boot', 'pidNamespace', 'directory'] as const).every((key) => origin[key] === here[key]) && (here.boot !== undefined || origin.host === here.host);
}

/**
 * Whether processes of this machine may be taken for those of a record: it is this user's alone, and of here and now. An old record that
 * does not say where it is from is none.
 */
export const isLiveRecord = (run: string, { origin }: { origin?: Origin }): boolean => isOwnDirectory(run) && origin !== undefined && isHereAndNow(run, origin);

/** Whether processes may be signalled by a record. Of one that does not say where it is from, only those that carry its mark (`signals.ts`). */
export const isTrusted = (run: string, { origin }: { origin?: Origin }): boolean => isOwnDirectory(run) && (origin === undefined || isHereAndNow(run, origin));

/** Whether a run directory is this user's, and nobody else has a say in it. */
export function isOwnDirectory(run: string): boolean {
  try {
    return isPrivateFolder(run);
  } catch {
    return false;
  }
}
