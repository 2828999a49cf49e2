import { statSync } from 'node:fs';
import { DescriptorBudget, ProcFile } from './procFile';
import { parseLoadavg } from './procText';

/** What happened in the process table between two looks. */
export interface Change {
  /** false: nothing was forked and nothing reaped */
  happened: boolean;
  /** whether a pid may have been given out since the last look */
  given(pid: number): boolean;
  /** the first and last pid given out since then, where they are known and did not wrap */
  range?: readonly [number, number];
}

const anything: Change = { happened: true, given: () => true };
const nothing: Change = { happened: false, given: () => false };

/**
 * Tells for the price of one small read whether anything on the machine was forked or reaped: `/proc/loadavg` holds
 * the number of threads and the newest pid (proc_loadavg(5)). Pids are given out in ascending order with a wrap,
 * so the newest pid of this look and of the last one also bound which pids can have a new owner.
 *
 * Where the file is not the kernel's own (lxcfs mounts its own over it, gVisor shows zeros) the gate stays open.
 */
export class PidGate {
  private last: { threads: number; lastPid: number } | undefined;
  readonly trustworthy: boolean;

  constructor(private readonly read = readLoadavg(), trustworthy = isKernelsOwn()) {
    this.trustworthy = trustworthy;
  }

  look(): Change {
    if (!this.trustworthy) return anything;
    const now = parseLoadavg(this.read());
    const before = this.last;
    this.last = now;
    if (!now || !before || now.threads === 0) return anything;
    if (now.threads === before.threads && now.lastPid === before.lastPid) return nothing;
    const [from, to] = [before.lastPid, now.lastPid];
    if (from > to) return { happened: true, given: (pid) => pid > from || pid <= to };
    return { happened: true, given: (pid) => pid > from && pid <= to, range: [from + 1, to] };
  }
}

/** All runs that one process observes share a single descriptor, for as long as it lives. */
const file = new ProcFile('/proc/loadavg', new DescriptorBudget(2));
const buffer = Buffer.allocUnsafeSlow(128);

function readLoadavg(): () => string {
  return () => buffer.toString('latin1', 0, Math.max(0, file.read(buffer)));
}

function isKernelsOwn(): boolean {
  try {
    return statSync('/proc/loadavg').dev === statSync('/proc/self/stat').dev;
  } catch {
    return false;
  }
}
