/** Parsers of what Linux writes under /proc: bytes in, values out, no access to the system. See proc(5). */
import { signalName } from '../../../core/exits';
import type { Ending } from '../../../core/events';
import { readableBytes } from '../../record/readable';

/** What the sampler uses of `/proc/<pid>/stat`. Times in clock ticks, memory in pages. */
export interface StatRow {
  comm: string;
  /** a hash of the bytes of `comm`, so that it is decoded only when it changed */
  commHash: number;
  /** R S D T t Z X I */
  state: string;
  ppid: number;
  pgid: number;
  sid: number;
  kernelThread: boolean;
  /** user and system time of all its threads, without children */
  cpuTicks: number;
  threads: number;
  /** ticks since boot: with the pid, the identity of the process */
  start: number;
  pages: number;
  /** bottom of the stack, new with every exec; 0 where it may not be read */
  stack: number;
  /** what the parent is sent when it ends; −1: not a process but a thread of one. Not read again. */
  exitSignal: number;
  /** of a zombie: whether we may read `stack` and `waitStatus` (do_task_stat in the kernel's fs/proc/array.c) */
  readable: boolean;
  /** of a zombie: its raw wait status; also 0 where it may not be read */
  waitStatus: number;
}

const ZERO = 0x30;
const MINUS = 0x2d;
const CLOSE = 0x29;
const KERNEL_THREAD = 0x0020_0000;
/** Last field that is of use in the row of a live process, and in any. */
const LAST_OF_LIVE = 28;
const LAST = 52;
const fields = new Float64Array(LAST + 1);

export const emptyRow = (): StatRow => ({
  comm: '', commHash: 0, state: '', ppid: 0, pgid: 0, sid: 0, kernelThread: false, cpuTicks: 0, threads: 0, start: 0, pages: 0, stack: 0,
  exitSignal: 0, readable: false, waitStatus: 0,
});

/**
 * Parses the first `length` bytes of a stat file; undefined when they are not one. Into a `row` that is given, only
 * what can change is read. The command's name is the
 * program's own choice and may hold spaces, parentheses and line breaks: it ends at the last `)` of the text.
 */
export function parseStat(bytes: Buffer, length = bytes.length, row?: StatRow): StatRow | undefined {
  const open = bytes.indexOf(0x28);
  const close = bytes.lastIndexOf(CLOSE, length - 1);
  if (open < 0 || close < open || close + 3 >= length) return undefined;
  const state = String.fromCharCode(bytes[close + 2] ?? 0);
  const last = row && state !== 'Z' && state !== 'X' ? LAST_OF_LIVE : LAST;
  fields.fill(0, LAST_OF_LIVE);
  let field = 4;
  let value = 0;
  let sign = 1;
  for (let i = close + 4; i < length && field <= last; i++) {
    const byte = bytes[i] ?? 0;
    if (byte >= ZERO && byte < ZERO + 10) value = value * 10 + byte - ZERO;
    else if (byte === MINUS) sign = -1;
    else {
      fields[field++] = sign * value;
      value = 0;
      sign = 1;
    }
  }
  if (field < LAST_OF_LIVE) return undefined;
  if (field <= last) fields[field] = value;
  return fill(row ?? emptyRow(), bytes, open + 1, close, state);
}

function fill(row: StatRow, bytes: Buffer, open: number, close: number, state: string): StatRow {
  let hash = close - open;
  for (let i = open; i < close; i++) hash = (Math.imul(hash, 31) + (bytes[i] ?? 0)) | 0;
  if (hash !== row.commHash) {
    row.comm = bytes.toString('utf8', open, close);
    row.commHash = hash;
  }
  row.state = state;
  row.ppid = fields[4] ?? 0;
  row.pgid = fields[5] ?? 0;
  row.sid = fields[6] ?? 0;
  row.kernelThread = ((fields[9] ?? 0) & KERNEL_THREAD) !== 0;
  row.cpuTicks = (fields[14] ?? 0) + (fields[15] ?? 0);
  row.threads = fields[20] ?? 0;
  row.start = fields[22] ?? 0;
  row.pages = fields[24] ?? 0;
  row.stack = fields[28] ?? 0;
  row.exitSignal = fields[38] ?? 0;
  row.readable = fields[35] !== 0;
  row.waitStatus = fields[52] ?? 0;
  return row;
}

/** Of `/proc/loadavg`: how many threads the system has, and the newest pid of this pid namespace. */
export function parseLoadavg(text: string): { threads: number; lastPid: number } | undefined {
  const found = /\/(\d+) (\d+)\s*$/.exec(text);
  return found ? { threads: Number(found[1]), lastPid: Number(found[2]) } : undefined;
}

/** Strings that end with a NUL, as in `cmdline` and `environ`. A process that rewrote its title may lack the last NUL. */
export function splitNul(bytes: Buffer): string[] {
  const text = readableBytes(bytes);
  if (text === '') return [];
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
}

/** The environment mark of a run: `PROCESSION=1|<ancestor>|<options>|<run directory>`. */
export function parseMark(environ: Buffer): { ancestor: string; runDirectory: string } | undefined {
  const name = 'PROCESSION=1|';
  let from = environ.indexOf(name);
  while (from > 0 && environ[from - 1] !== 0) from = environ.indexOf(name, from + 1);
  if (from < 0) return undefined;
  const end = environ.indexOf(0, from);
  const [ancestor, , ...directory] = environ.toString('utf8', from + name.length, end < 0 ? undefined : end).split('|');
  return ancestor === undefined || directory.length === 0 ? undefined : { ancestor, runDirectory: directory.join('|') };
}

/** How a process ended, from the raw status of wait(2). */
export function parseWaitStatus(status: number): Ending {
  const signal = status & 0x7f;
  return signal === 0 ? { code: (status >> 8) & 0xff, signal: null } : { code: null, signal: signalName(signal) };
}

/** Peak resident memory in bytes, from `/proc/<pid>/status`; undefined for a process without memory. */
export function parsePeak(status: string): number | undefined {
  const found = /^VmHWM:\s*(\d+) kB$/m.exec(status);
  return found ? Number(found[1]) * 1024 : undefined;
}

/** The line `NSpid` of `/proc/<pid>/status`: a process's pids in the namespace of that `/proc` and in each below it, its own last. */
export function parseNamespacePids(status: string): number[] {
  return (/^NSpid:\s*(.*)$/m.exec(status)?.[1] ?? '').split(/\s+/).filter(Boolean).map(Number);
}

/** Of `/proc/<pid>/limits`: the soft limit of open files. */
export function parseOpenFiles(limits: string): number | undefined {
  const found = /^Max open files\s+(\d+)/m.exec(limits);
  return found ? Number(found[1]) : undefined;
}

/** Of `/proc/<pid>/auxv` (getauxval(3)): bytes of a page and clock ticks of a second. Words are as wide as the machine's. */
export function parseAuxv(bytes: Buffer, wordSize: 4 | 8): { pageSize: number; ticksPerSecond: number } {
  const word = (offset: number): number => (wordSize === 8 ? Number(bytes.readBigUInt64LE(offset)) : bytes.readUInt32LE(offset));
  const values = new Map<number, number>();
  for (let i = 0; i + 2 * wordSize <= bytes.length; i += 2 * wordSize) values.set(word(i), word(i + wordSize));
  return { pageSize: values.get(6) ?? 4096, ticksPerSecond: values.get(17) ?? 100 };
}
