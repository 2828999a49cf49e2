/** System calls in which a thread may wait, by number. Sources: Linux, arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. */

/**
 * How a call waits, and where its arguments say so. `fd` first argument; `until` the argument that limits the time: a pointer that
 * is 0 for no limit, or (`untilInt`) a number of ms that is negative for none.
 */
type Kind =
  | { kind: 'read' | 'write'; until?: number }
  | { kind: 'futex' | 'wait4' | 'waitid' | 'poll' | 'ppoll' | 'select' | 'epoll' | 'epoll2' | 'fcntl' | 'flock' | 'signal' | 'other' };

const calls: Record<string, Kind & { x64?: number; arm64?: number }> = {
  read: { kind: 'read', x64: 0, arm64: 63 },
  readv: { kind: 'read', x64: 19, arm64: 65 },
  recvfrom: { kind: 'read', x64: 45, arm64: 207 },
  recvmsg: { kind: 'read', x64: 47, arm64: 212 },
  recvmmsg: { kind: 'read', until: 4, x64: 299, arm64: 243 },
  accept: { kind: 'read', x64: 43, arm64: 202 },
  accept4: { kind: 'read', x64: 288, arm64: 242 },
  write: { kind: 'write', x64: 1, arm64: 64 },
  writev: { kind: 'write', x64: 20, arm64: 66 },
  sendto: { kind: 'write', x64: 44, arm64: 206 },
  sendmsg: { kind: 'write', x64: 46, arm64: 211 },
  sendmmsg: { kind: 'write', x64: 307, arm64: 269 },
  futex: { kind: 'futex', x64: 202, arm64: 98 },
  wait4: { kind: 'wait4', x64: 61, arm64: 260 },
  waitid: { kind: 'waitid', x64: 247, arm64: 95 },
  poll: { kind: 'poll', x64: 7 },
  ppoll: { kind: 'ppoll', x64: 271, arm64: 73 },
  select: { kind: 'select', x64: 23 },
  pselect6: { kind: 'select', x64: 270, arm64: 72 },
  epoll_wait: { kind: 'epoll', x64: 232 },
  epoll_pwait: { kind: 'epoll', x64: 281, arm64: 22 },
  epoll_pwait2: { kind: 'epoll2', x64: 441, arm64: 441 },
  fcntl: { kind: 'fcntl', x64: 72, arm64: 25 },
  flock: { kind: 'flock', x64: 73, arm64: 32 },
  rt_sigsuspend: { kind: 'signal', x64: 130, arm64: 133 },
  pause: { kind: 'signal', x64: 34 },
  ioctl: { kind: 'other', x64: 16, arm64: 29 },
};

type Architecture = 'x64' | 'arm64';

const tableOf = (architecture: Architecture): ReadonlyMap<number, Kind & { name: string }> =>
  new Map(Object.entries(calls).flatMap(([name, call]) => (call[architecture] === undefined ? [] : [[call[architecture], { name, ...call }] as const])));

const tables: Record<string, ReturnType<typeof tableOf> | undefined> = { x64: tableOf('x64'), arm64: tableOf('arm64') };

/** A descriptor that a thread waits for. */
export interface Wanted {
  fd: number;
  want: 'read' | 'write';
}

/** What a system call waits for. */
export type Waiting =
  | { on: 'time'; call?: string; files?: Wanted[] }
  | { on: 'signal' | 'unknown'; call?: string }
  | { on: 'futex'; call: string; address: number; shared: boolean }
  | { on: 'files'; call: string; files: Wanted[]; loop?: boolean }
  | { on: 'child'; call: string; pid: number }
  | { on: 'lock'; call: string };

/** Reads bytes of the waiting process's memory; undefined when that is not permitted. */
export type Memory = (address: number, length: number) => Buffer | undefined;

const int = (word: bigint): number => Number(BigInt.asIntN(32, word));

/** futex(2): the bit for "not shared between processes", and the operations that wait until somebody wakes them. */
const privateFutex = 128;
const waitingOperations = new Set([0, 9]);
/** fcntl(2): F_SETLKW, F_OFD_SETLKW. */
const lockingCommands = new Set([7, 38]);
/** poll(2): POLLIN, POLLPRI, POLLRDHUP and the like; POLLOUT. */
const pollIn = 0x2043;
const pollOut = 0x0104;
const mostPolled = 1024;
/** waitid(2). */
const idAll = 0;
const idPid = 1;
const idPidfd = 3;

/**
 * What a thread waits for, from its `/proc/<pid>/task/<tid>/syscall` (proc_pid_syscall(5)): number and arguments of the call.
 * `unknown` for calls that are not in the table, and for whatever can't be read.
 */
export function parseSyscall(text: string, architecture: string, memory: Memory): Waiting {
  const [number = '', ...words] = text.trim().split(' ');
  const call = tables[architecture]?.get(Number(number));
  if (number === '' || Number.isNaN(Number(number)) || !call || words.length < 6) return { on: 'unknown' };
  const args = words.slice(0, 6).map((word) => BigInt(word));
  // A stack below 4 GB is that of a 32-bit program, whose calls have other numbers.
  if (BigInt(words[6] ?? 0) < 0x1_0000_0000n) return { on: 'unknown' };
  return waitingOf(call, (index) => args[index] ?? 0n, memory);
}

function waitingOf(call: Kind & { name: string }, arg: (index: number) => bigint, memory: Memory): Waiting {
  const { name } = call;
  const timed: Waiting = { on: 'time', call: name };
  switch (call.kind) {
    case 'read':
    case 'write':
      return call.until !== undefined && arg(call.until) !== 0n ? timed : { on: 'files', call: name, files: [{ fd: int(arg(0)), want: call.kind }] };
    case 'futex':
      if (!waitingOperations.has(int(arg(1)) & 0x7f)) return { on: 'unknown', call: name };
      return arg(3) !== 0n ? timed : { on: 'futex', call: name, address: Number(arg(0)), shared: (int(arg(1)) & privateFutex) === 0 };
    case 'wait4':
      return { on: 'child', call: name, pid: Math.max(0, int(arg(0))) };
    case 'waitid':
      return idOf(name, int(arg(0)), int(arg(1)));
    case 'poll':
      return int(arg(2)) >= 0 ? timed : polled(name, memory(Number(arg(0)), 8 * Math.min(int(arg(1)), mostPolled)), int(arg(1)));
    case 'ppoll':
      return arg(2) !== 0n ? timed : polled(name, memory(Number(arg(0)), 8 * Math.min(int(arg(1)), mostPolled)), int(arg(1)));
    case 'select':
      return arg(4) !== 0n ? timed : selected(name, int(arg(0)), [arg(1), arg(2)], memory);
    case 'epoll':
      return int(arg(3)) >= 0 ? { ...timed, files: [{ fd: int(arg(0)), want: 'read' }] } : { on: 'files', call: name, files: [{ fd: int(arg(0)), want: 'read' }], loop: true };
    case 'epoll2':
      return arg(3) !== 0n ? timed : { on: 'files', call: name, files: [{ fd: int(arg(0)), want: 'read' }], loop: true };
    case 'fcntl':
      return lockingCommands.has(int(arg(1))) ? { on: 'lock', call: name } : { on: 'unknown', call: name };
    case 'flock':
      return { on: 'lock', call: name };
    case 'signal':
      return { on: 'signal', call: name };
    case 'other':
      return { on: 'unknown', call: name };
  }
}

function idOf(call: string, type: number, id: number): Waiting {
  if (type === idPidfd) return { on: 'files', call, files: [{ fd: id, want: 'read' }] };
  return type === idPid || type === idAll ? { on: 'child', call, pid: type === idPid ? id : 0 } : { on: 'unknown', call };
}

/** The array of poll(2): descriptor, wanted events, events. */
function polled(call: string, bytes: Buffer | undefined, count: number): Waiting {
  if (!bytes || count > mostPolled || bytes.length < 8 * count) return { on: 'unknown', call };
  const files: Wanted[] = [];
  for (let at = 0; at < 8 * count; at += 8) {
    const fd = bytes.readInt32LE(at);
    const events = bytes.readInt16LE(at + 4);
    if (fd < 0) continue;
    if ((events & pollIn) !== 0 || events === 0) files.push({ fd, want: 'read' });
    if ((events & pollOut) !== 0) files.push({ fd, want: 'write' });
  }
  return { on: 'files', call, files, loop: true };
}

/** The sets of select(2): a bit a descriptor. */
function selected(call: string, count: number, sets: readonly bigint[], memory: Memory): Waiting {
  const files: Wanted[] = [];
  for (const [index, address] of sets.entries()) {
    if (address === 0n) continue;
    const bytes = memory(Number(address), Math.ceil(Math.min(count, mostPolled) / 8));
    if (!bytes || count > mostPolled) return { on: 'unknown', call };
    for (let fd = 0; fd < count; fd++) if (((bytes[fd >> 3] ?? 0) >> (fd & 7)) & 1) files.push({ fd, want: index === 0 ? 'read' : 'write' });
  }
  return { on: 'files', call, files, loop: true };
}
