import { readlinkSync } from 'node:fs';
import type { FileLook } from '../../core/insight/facts';
import { parseNumber, parseWatched, parseWay } from './text';

/** What the descriptors of a process are. */

/** What a link of `/proc/<pid>/fd` names; empty where it can't be read. */
export function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** What a descriptor is, if somebody could wait for it. `info` reads its `fdinfo`. */
export function fileOf(fd: number, target: string, info: () => string): FileLook | undefined {
  if (target.startsWith('pipe:')) return { fd, object: target, way: parseWay(info()) };
  if (target.startsWith('socket:')) return { fd, object: target, way: 'rw' };
  if (target === 'anon_inode:[eventpoll]') return { fd, object: target, way: 'r', watches: parseWatched(info()) };
  if (target === 'anon_inode:[eventfd]') {
    const number = parseNumber(info(), 'eventfd-id');
    return { fd, object: number === undefined ? target : `eventfd:[${number}]`, way: 'rw' };
  }
  if (target === 'anon_inode:[pidfd]' || target.startsWith('pidfd:')) return { fd, object: target, way: 'r', pid: parseNumber(info(), 'Pid') ?? -1 };
  // The two sides of a pseudo terminal: what is written into one is read from the other (pty(7)).
  if (/^\/dev\/(pts\/)?ptmx$/.test(target)) return { fd, object: `ptmx:[${parseNumber(info(), 'tty-index') ?? ''}]`, way: 'rw' };
  if (/^\/dev\/pts\/\d+$/.test(target)) return { fd, object: `pts:[${target.slice('/dev/pts/'.length)}]`, way: 'rw' };
  if (target.startsWith('anon_inode:') || /^\/dev\/(tty|console)/.test(target)) return { fd, object: target, way: 'rw' };
  return undefined;
}
