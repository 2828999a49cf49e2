import { toExit, type Exit } from '../exits';
import type { Ending, Runtime } from '../events';
import { hasEnded, type MemberRecord } from '../claims';
import { isElsewhere, isOnOtherHost } from './incarnations';
import type { RunView } from './view';

/** How and when a process ended, from the most trustworthy witness. */

const isKnown = ({ code, signal }: Ending): boolean => code !== null || signal !== null;

/** How the process ended; null while it lives. `runtime` tells in whose numbers. */
export function exitOf(view: RunView, record: MemberRecord, runtime: Runtime): Exit | null {
  const { reap, rootExit, zombie, exit } = record.claims;
  const platform = view.run?.value.platform;
  if (reap && isKnown(reap.value)) return toExit(reap.value, 'parent', runtime, platform);
  if (rootExit) return toExit(rootExit.value, 'launcher', runtime, platform);
  if (zombie && isKnown(zombie.value)) return toExit(zombie.value, 'kernel', runtime, platform);
  const elsewhere = isElsewhere(view, record);
  if (exit && isKnown(exit.value) && (hasEnded(record.claims) || view.end || elsewhere)) return toExit(exit.value, 'self', runtime, platform);
  const unknown = (reason: string): Exit => ({ code: null, signal: null, source: 'unknown', reason });
  if (elsewhere && view.end) {
    const where = isOnOtherHost(view, record) ? 'it ran on another host' : 'it was in another pid namespace, where nobody saw it from outside';
    return unknown(`${where}, and its own last words did not tell`);
  }
  return hasEnded(record.claims) ? unknown(whyUnknown(record)) : null;
}

function whyUnknown({ claims: { zombie, gone, start } }: MemberRecord): string {
  if (zombie && !gone) return 'it is a zombie of another user: the kernel does not show its status';
  if (start) return 'its parent did not tell the status, and its own last words did not hold it (a signal, or an end in native code)';
  return 'no probe was in it or its parent, and it was reaped before it could be looked at';
}

/** When the process ended, in ms since the epoch; null while it lives. */
export function endOf(view: RunView, record: MemberRecord): number | null {
  const { exit, reap, rootExit, zombie, gone } = record.claims;
  if (!hasEnded(record.claims)) {
    if (isElsewhere(view, record)) return exit?.t ?? view.end?.t ?? null;
    return exit && view.end ? exit.t : null;
  }
  const seen = Math.min(...[reap, rootExit, zombie, gone].flatMap((claim) => (claim ? [claim.t] : [])));
  return exit && exit.t < seen ? exit.t : seen;
}
