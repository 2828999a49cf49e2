import { readdirSync, readlinkSync } from 'node:fs';
import type { Ports } from '../../core/insight/facts';
import type { Member } from '../../core/members';
import { parseMark } from '../../observe/system/linux/procText';
import { readProc } from '../../observe/system/linux/procFile';
import { parseInternetSockets } from './text';

/** Who listens on which port. */

function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function socketsOf(pid: number | string): string[] {
  return names(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}

const text = (path: string): string => readProc(path, 1 << 20)?.toString('utf8') ?? '';

/** Somebody outside the run: its command line, and whether it is left over from an earlier run of Procession's. */
function stranger(pid: string): string {
  const command = text(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim().slice(0, 200);
  const mark = parseMark(readProc(`/proc/${pid}/environ`) ?? Buffer.alloc(0));
  return `${command} (pid ${pid})${mark ? ', a survivor of an earlier run' : ', which is not of this run'}`;
}

/** The ports that members listen on, and those of `wanted` that somebody else does. */
export function listeners(members: readonly Member[], wanted: readonly number[]): Ports {
  const sockets = ['tcp', 'tcp6'].flatMap((name) => parseInternetSockets(text(`/proc/net/${name}`))).filter(({ listens }) => listens);
  const portOf = new Map(sockets.map(({ inode, local }) => [inode, parseInt(local.slice(-4), 16)]));
  const found: Ports = members.flatMap((member) => socketsOf(member.pid).flatMap((inode) => {
    const port = portOf.get(inode);
    return port === undefined ? [] : [{ port, holder: member.id, text: '' }];
  }));
  const missing = new Set(wanted.filter((port) => !found.some((one) => one.port === port)));
  if (missing.size === 0) return found;
  for (const pid of names('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const inode of socketsOf(pid)) {
      const port = portOf.get(inode);
      if (port !== undefined && missing.delete(port)) found.push({ port, holder: '', text: stranger(pid) });
    }
    if (missing.size === 0) break;
  }
  return found;
}
