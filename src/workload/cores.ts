import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Cores that this process may really use: by affinity (sched_getaffinity through libuv) and by the cgroup's quota. */
export function usableCores(read: (file: string) => string | undefined = readOrNothing): number {
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

/** The smallest quota on the way from our cgroup to the root, in cores; undefined: none. See cgroups(7), cpu.max and cpu.cfs_quota_us. */
export function cgroupQuota(read: (file: string) => string | undefined): number | undefined {
  const lines = (read('/proc/self/cgroup') ?? '').split('\n').map((line) => line.split(':'));
  const quotas: number[] = [];
  for (const [number, controllers, ...path] of lines) {
    const isSecond = number === '0';
    if (!isSecond && !controllers?.split(',').includes('cpu')) continue;
    const parts = path.join(':').split('/').filter(Boolean);
    for (let depth = parts.length; depth >= 0; depth--) {
      const folder = [isSecond ? '/sys/fs/cgroup' : '/sys/fs/cgroup/cpu', ...parts.slice(0, depth)].join('/');
      const [limit, period] = isSecond
        ? (read(`${folder}/cpu.max`) ?? '').trim().split(' ')
        : [read(`${folder}/cpu.cfs_quota_us`)?.trim(), read(`${folder}/cpu.cfs_period_us`)?.trim()];
      if (Number(limit) > 0 && Number(period) > 0) quotas.push(Number(limit) / Number(period));
    }
  }
  return quotas.length ? Math.min(...quotas) : undefined;
}

/** Bytes that may still be taken: MemAvailable, or what the cgroup leaves, whichever is less. */
export function freeMemory(read: (file: string) => string | undefined = readOrNothing): number | undefined {
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(read('/proc/meminfo') ?? '')?.[1];
  const path = /^0::(.*)$/m.exec(read('/proc/self/cgroup') ?? '')?.[1] ?? '';
  const [limit, used] = ['memory.max', 'memory.current'].map((name) => Number(read(`/sys/fs/cgroup${path}/${name}`)));
  const left = limit !== undefined && used !== undefined && limit - used >= 0 ? limit - used : Infinity;
  return available === undefined ? undefined : Math.min(Number(available) * 1024, left);
}
