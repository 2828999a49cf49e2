import type { Look } from '../../core/insight/facts';

/** Parsers of what an inquiry reads under /proc: text in, values out. See proc(5). */

/** Name and state of a thread, from its `stat`. */
export function parseThread(stat: string): { name: string; state: string } | undefined {
  const open = stat.indexOf('(');
  const close = stat.lastIndexOf(')');
  const state = stat[close + 2];
  return open < 0 || state === undefined ? undefined : { name: stat.slice(open + 1, close), state };
}

/** How often a thread got a core, from its `schedstat`; −1 where the kernel does not count. */
export function parseRan(schedstat: string): number {
  const found = /^\d+ \d+ (\d+)/.exec(schedstat);
  return found ? Number(found[1]) : -1;
}

/** The same as {@link parseRan} from the `status` of a thread, for kernels without CONFIG_SCHED_INFO. */
export function parseSwitches(status: string): number {
  const found = [...status.matchAll(/^(?:non)?voluntary_ctxt_switches:\s*(\d+)/gm)];
  return found.length === 0 ? -1 : found.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Which ends of a pipe a descriptor is, from the flags in its `fdinfo`. */
export function parseWay(fdinfo: string): 'r' | 'w' | 'rw' {
  const flags = parseInt(/^flags:\s*([0-7]+)/m.exec(fdinfo)?.[1] ?? '2', 8) & 3;
  return flags === 0 ? 'r' : flags === 1 ? 'w' : 'rw';
}

/** A number in an `fdinfo`: `eventfd-id`, `Pid`. */
export function parseNumber(fdinfo: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s*(-?\\d+)`, 'm').exec(fdinfo);
  return found ? Number(found[1]) : undefined;
}

/** The descriptors that an epoll watches, from its `fdinfo`. */
export function parseWatched(fdinfo: string): number[] {
  return [...fdinfo.matchAll(/^tfd:\s*(\d+)/gm)].map(([, fd]) => Number(fd));
}

/** Memory without a name that another process could use, or with one that only multiprocessing and loky know (of sem_open(3)). */
const unnamed = /\(deleted\)$|^\/(dev\/zero|memfd:|SYSV)|^\/dev\/shm\/sem\.(mp|loky)-|^$/;

/** The ranges of memory that a process may write to and shares with others, from its `maps`. */
export function parseShared(maps: string): Look['shared'] {
  return [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw.s ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) (\d+) *(.*)$/gm)].map(([, from = '', to = '', offset = '', device = '', inode = '', path = '']) => ({
    from: parseInt(from, 16), to: parseInt(to, 16), key: `${device}:${inode}:${offset}`, ...(unnamed.test(path) ? {} : { named: true }),
  }));
}

/** The signals of a mask of `status` (`SigCgt`, `SigIgn`), by number. */
export function parseSignals(status: string, name: string): number[] {
  const mask = BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1] ?? '0'}`);
  return Array.from({ length: 64 }, (_, bit) => bit + 1).filter((signal) => (mask >> BigInt(signal - 1)) & 1n);
}

/** Who holds the lock that each waiting process waits for, from `/proc/locks`: waiter → holders, by pid. */
export function parseLocks(locks: string): Map<number, number[]> {
  const holders = new Map<string, number[]>();
  const found = new Map<number, number[]>();
  for (const line of locks.split('\n')) {
    const [, number = '', waits, pid] = /^(\d+): (-> )?\S+\s+\S+\s+\S+\s+(-?\d+)/.exec(line) ?? [];
    if (pid === undefined) continue;
    if (waits) found.set(Number(pid), holders.get(number) ?? []);
    else holders.set(number, [...holders.get(number) ?? [], Number(pid)]);
  }
  return found;
}

/** A socket of `/proc/<pid>/net/tcp` or `tcp6`: addresses as the kernel writes them. */
export interface InternetSocket {
  local: string;
  remote: string;
  listens: boolean;
  inode: string;
  /** bytes that wait to be read; of a listening one: connections that wait to be accepted */
  unread: number;
}

export function parseInternetSockets(text: string): InternetSocket[] {
  return text.split('\n').slice(1).flatMap((line) => {
    const [, local, remote, state, queues, , , , , inode] = line.trim().split(/\s+/);
    if (local === undefined || remote === undefined || inode === undefined) return [];
    return [{ local, remote, listens: state === '0A', inode, unread: parseInt(queues?.split(':')[1] ?? '0', 16) }];
  });
}

/** A socket of `/proc/<pid>/net/unix`. */
export interface UnixSocket {
  inode: string;
  listens: boolean;
  path: string;
}

/** The flag of a socket that takes connections (SO_ACCEPTCON). */
const accepts = 0x1_0000;

export function parseUnixSockets(text: string): UnixSocket[] {
  return [...text.matchAll(/^\S+ \S+ \S+ ([0-9A-F]+) \S+ \S+ +(\d+)(?: (.*))?$/gm)].map(([, flags = '0', inode = '', path = '']) => ({
    inode, path, listens: (parseInt(flags, 16) & accepts) !== 0,
  }));
}

/** Inode → other end and bytes to be read, from `ss -xHa` (iproute2): `u_str ESTAB 0 0 * 88412 * 88413`. */
export function parsePeers(text: string): Map<string, { peer: string; unread: number }> {
  const found = new Map<string, { peer: string; unread: number }>();
  for (const line of text.split('\n')) {
    const [, unread, inode, peer] = /^u_\w+\s+\S+\s+(\d+)\s+\d+\s+.*\s(\d+)\s+\S+\s+(\d+)\s*$/.exec(line) ?? [];
    if (inode !== undefined && peer !== undefined && peer !== '0') found.set(inode, { peer, unread: Number(unread) });
  }
  return found;
}
