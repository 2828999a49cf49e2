import { lstatSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
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

/** Whether a run directory belongs to this user, and nobody else can write into it. */
export function isOwnDirectory(run: string): boolean {
  const uid = process.getuid?.();
  if (uid === undefined) return true;
  try {
    const found = lstatSync(run);
    return found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}
