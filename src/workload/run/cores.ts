import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Cores that this process may really use: by affinity (sched_getaffinity through libuv) and by the cgroup's quota. */
export function usableCores(read: Read = readOrNothing): number {
  const quota = process.platform === 'linux' ? cgroupQuota(read) : undefined;
  return Math.max(1, Math.min(availableParallelism(), quota === undefined ? Infinity : Math.ceil(quota)));
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

type Read = (file: string) => string | undefined;

/**
 * The folders of our cgroup for a controller and of all above it, the root last: a limit of any of them holds for us.
 * See cgroups(7); a container may see its own as the root.
 */
function* cgroupFolders(read: Read, controller: string): Generator<{ folder: string; isSecond: boolean }> {
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [number, controllers, ...path] = line.split(':');
    const isSecond = number === '0';
    if (!isSecond && !controllers?.split(',').includes(controller)) continue;
    const parts = path.join(':').split('/').filter(Boolean);
    for (let depth = parts.length; depth >= 0; depth--) yield { folder: [isSecond ? '/sys/fs/cgroup' : `/sys/fs/cgroup/${controller}`, ...parts.slice(0, depth)].join('/'), isSecond };
  }
}

/** The smallest quota on the way from our cgroup to the root, in cores; undefined: none. See cpu.max and cpu.cfs_quota_us. */
export function cgroupQuota(read: Read): number | undefined {
  const quotas: number[] = [];
  for (const { folder, isSecond } of cgroupFolders(read, 'cpu')) {
    const [limit, period] = isSecond
      ? (read(`${folder}/cpu.max`) ?? '').trim().split(' ')
      : [read(`${folder}/cpu.cfs_quota_us`)?.trim(), read(`${folder}/cpu.cfs_period_us`)?.trim()];
    if (Number(limit) > 0 && Number(period) > 0) quotas.push(Number(limit) / Number(period));
  }
  return quotas.length ? Math.min(...quotas) : undefined;
}

/** Bytes that may still be taken: MemAvailable, or what the cgroups above us leave, whichever is least. */
export function freeMemory(read: Read = readOrNothing): number | undefined {
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(read('/proc/meminfo') ?? '')?.[1];
  if (available === undefined) return undefined;
  return Math.min(Number(available) * 1024, ...[...cgroupFolders(read, 'memory')].map(({ folder, isSecond }) => leftIn(folder, isSecond, read)));
}

/** What a cgroup's limit leaves. Files that it keeps in memory and that nobody has used of late make room when it is needed. */
function leftIn(folder: string, isSecond: boolean, read: Read): number {
  const bytes = (name: string): number => Number(read(`${folder}/${name}`)?.trim() || 'none');
  const [limit, used] = isSecond ? [bytes('memory.max'), bytes('memory.current')] : [bytes('memory.limit_in_bytes'), bytes('memory.usage_in_bytes')];
  const idle = Number((isSecond ? /^inactive_file (\d+)/m : /^total_inactive_file (\d+)/m).exec(read(`${folder}/memory.stat`) ?? '')?.[1] ?? 0);
  return Number.isNaN(limit - used) ? Infinity : Math.max(0, limit - used + Math.min(idle, used));
}
