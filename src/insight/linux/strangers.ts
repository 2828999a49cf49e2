import { readdirSync } from 'node:fs';
import type { Look } from '../../core/insight/facts';
import { otherSide } from '../../core/insight/wakers';
import { readProc } from '../../observe/system/linux/procFile';
import { fileOf, linkOf } from './files';
import { parseShared } from './text';

/** Processes that do not belong to the run, but have something that its members wait for. */

/** So many processes are looked at before others in this process get their turn. */
const atOnce = 16;

function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** What the threads of some members wait for: the objects whose other side somebody else may have, and shared memory. */
function awaited(looks: Iterable<Look>): { objects: Set<string>; memory: Set<string> } {
  const objects = new Set<string>();
  const memory = new Set<string>();
  for (const { threads, files } of looks) {
    const byFd = new Map(files.map((file) => [file.fd, file]));
    const visit = (fd: number, depth: number): void => {
      const file = byFd.get(fd);
      if (!file) return;
      if (file.watches && depth < 4) for (const watched of file.watches) visit(watched, depth + 1);
      else objects.add(file.object.startsWith('pipe:') ? file.object : otherSide(file) ?? '');
    };
    for (const { files: wanted, key } of threads) {
      for (const { fd } of wanted ?? []) visit(fd, 0);
      if (key !== undefined) memory.add(key.slice(0, key.lastIndexOf('+')));
    }
  }
  return { objects, memory };
}

/**
 * Finds what members wait for in processes that are no members: `pipe:[88412] w`, or a key of shared memory. Processes of other
 * users can't be looked at; they get such things only from a member that starts them, and then they are members, too.
 */
export async function strangersWith(looks: ReadonlyMap<number, Look>): Promise<string[]> {
  const { objects, memory } = awaited(looks.values());
  const found = new Set<string>();
  if (objects.size === 0 && memory.size === 0) return [];
  const others = names('/proc').filter((name) => /^\d+$/.test(name) && !looks.has(Number(name)) && Number(name) !== process.pid);
  for (const [index, pid] of others.entries()) {
    if (index > 0 && index % atOnce === 0) await new Promise((done) => setImmediate(done));
    if (objects.size > 0) for (const held of filesOf(pid, objects)) found.add(held);
    if (memory.size > 0) for (const { key } of parseShared(readProc(`/proc/${pid}/maps`)?.toString('latin1') ?? '')) if (memory.has(key)) found.add(key);
  }
  return [...found];
}

function filesOf(pid: string, wanted: ReadonlySet<string>): string[] {
  return names(`/proc/${pid}/fd`).flatMap((fd) => {
    const target = linkOf(`/proc/${pid}/fd/${fd}`);
    if (!/^(pipe|socket):|^anon_inode:\[eventfd\]|^\/dev\/(pts\/|ptmx)/.test(target)) return [];
    // Only an eventfd and the master of a terminal need more than the link to be told from others.
    if (/^(pipe|socket):/.test(target) && !wanted.has(target)) return [];
    const file = fileOf(Number(fd), target, () => readProc(`/proc/${pid}/fdinfo/${fd}`)?.toString('latin1') ?? '');
    return file && wanted.has(file.object) ? [`${file.object} ${file.way}`] : [];
  });
}
