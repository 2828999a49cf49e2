import { readlinkSync } from 'node:fs';
import { release } from 'node:os';
import type { Ending } from '../../../core/events';
import { Entry, type Description, type Reading } from '../ledger';
import { namespacePidsOf, ownPidNamespace, pidNamespaceOf } from './ownProc';
import { GONE, ProcFile, readProc, type DescriptorBudget } from './procFile';
import { readableBytes } from '../../record/readable';
import { emptyRow, parseMark, parsePeak, parseStat, parseWaitStatus, splitNul, type StatRow } from './procText';

const commandLineLimit = 16_384;

const buffer = Buffer.allocUnsafeSlow(2_048);

/** One process under /proc, known by its stat file. */
export class LinuxProcess {
  readonly stat: ProcFile;

  constructor(readonly pid: number, budget: DescriptorBudget) {
    this.stat = new ProcFile(`/proc/${pid}/stat`, budget);
  }

  /** The process's row, read into `row`; `'gone'`, or undefined when the system did not let us read it now. */
  row(row?: StatRow): StatRow | 'gone' | undefined {
    const length = this.stat.read(buffer);
    // A descriptor opened in time reads empty or ESRCH once the process was reaped.
    if (length === GONE || length === 0) return 'gone';
    return length > 0 ? parseStat(buffer, length, row) : undefined;
  }

  close(): void {
    this.stat.close();
  }
}

/** What the pid namespaces below ours call a process, from the one next to ours to its own. Both are empty for a process of our own. */
export interface Inner {
  readonly pids: readonly number[];
  /** inodes; '' where not known */
  readonly namespaces: readonly string[];
}

const notInner: Inner = { pids: [], namespaces: [] };

/** Finds out what inner pid namespaces call a process. `parent`: the same of its parent, whose namespaces it is in, too (pid_namespaces(7)). */
export function innerOf(pid: number, parent = notInner): Inner {
  const own = pidNamespaceOf(pid);
  if (own !== undefined && own === ownPidNamespace()) return notInner;
  const pids = namespacePidsOf(pid).slice(1);
  return { pids, namespaces: pids.map((_, level) => (level === pids.length - 1 ? own : undefined) ?? parent.namespaces[level] ?? '') };
}

/** A process of the run. */
export class LinuxMember extends Entry {
  /** number of the look that last met it */
  look = 0;
  /** samples until the peak of memory is read again, and the CPU time when it last was */
  untilPeak = 0;
  cpuAtPeak = -1;

  /** the next row is read into this one, and then they change places: thousands of members a second leave no garbage */
  spare = emptyRow();

  constructor(readonly process: LinuxProcess, public row: StatRow, startedAt: number, readonly inner: Inner) {
    super(`${process.pid}.${row.start}`, startedAt);
    const { pids, namespaces } = inner;
    const innerPid = pids.at(-1);
    const aliases = pids.flatMap((pid, level) => (namespaces[level] ? [`${pid}@${namespaces[level]}.${row.start}`] : []));
    if (innerPid !== undefined) this.names = { innerPid, aliases };
  }

  get pid(): number {
    return this.process.pid;
  }

  /** Writes its numbers into `reading`. */
  readInto(reading: Reading, units: { pageSize: number; ticksPerSecond: number }): Reading {
    const { row } = this;
    reading.ppid = row.ppid;
    reading.state = row.state === 'Z' && !this.isZombie ? 'S' : row.state;
    reading.cpu = row.cpuTicks / units.ticksPerSecond;
    reading.rss = row.pages * units.pageSize;
    reading.threads = row.threads;
    return reading;
  }

  /** Ended, not reaped. A main thread that ended alone shows Z too while the other threads of the process go on. */
  get isZombie(): boolean {
    return (this.row.state === 'Z' || this.row.state === 'X') && this.row.threads <= 1;
  }
}

/** Whether two rows of a process show the same image. Every exec makes a new stack, at a random address. */
export function sameImage(a: StatRow, b: StatRow): boolean {
  return a.commHash === b.commHash && a.comm === b.comm && (a.stack === b.stack || b.stack <= 1);
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The environment that a process was given at its last exec; empty in the middle of an exec, undefined where it is another user's. */
export function readEnvironment(pid: number): Buffer | undefined {
  return readProc(`/proc/${pid}/environ`);
}

/** Reads what a process's current image is. */
export function describe(pid: number, comm: string): Description {
  const commandLine = readProc(`/proc/${pid}/cmdline`, commandLineLimit);
  const argv = commandLine && splitNul(commandLine);
  const cwd = attempt(() => readableBytes(readlinkSync(`/proc/${pid}/cwd`, 'buffer')));
  const exe = attempt(() => readableBytes(readlinkSync(`/proc/${pid}/exe`, 'buffer')));
  const environment = readEnvironment(pid);
  const ancestor = environment && parseMark(environment)?.ancestor;
  return {
    comm,
    ...(argv?.length ? { argv } : {}),
    ...(cwd === undefined ? {} : { cwd }),
    ...(exe === undefined ? {} : { exe }),
    ...(ancestor && /^\d+(@\d+)?\.\d+$/.test(ancestor) ? { parent: ancestor } : {}),
  };
}

/** Peak resident memory of a live process in bytes; 0 where it cannot be read. */
export function readPeak(pid: number): number {
  return parsePeak(readProc(`/proc/${pid}/status`)?.toString('latin1') ?? '') ?? 0;
}

/** Since Linux 5.16 a stat row shows in field 35 whether its reader may read the rest. */
const showsPermission = ((): boolean => {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 5 || (major === 5 && minor >= 16);
})();

/**
 * How a zombie ended. The kernel hides the status of another user's process, and of one that is not dumpable, by a 0,
 * which is also success. So a 0 counts only where the row says that it may be read, or, on old kernels,
 * where the row before the end could be.
 */
export function endingOf(zombie: StatRow, before?: StatRow): Ending {
  const trusted = zombie.waitStatus !== 0 || (showsPermission ? zombie.readable : before !== undefined && before.stack > 1);
  return trusted ? parseWaitStatus(zombie.waitStatus) : { code: null, signal: null };
}
