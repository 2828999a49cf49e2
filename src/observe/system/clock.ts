import { uptime } from 'node:os';
import { parseAuxv } from './linux/procText';
import { readProc } from './linux/procFile';

/** The time base of Linux start times: `bootTime` is the epoch of start ticks in ms, `tickMs` their length. */
export interface BootClock {
  bootTime: number;
  tickMs: number;
}

/** Words of this process's auxiliary vector: page size in bytes and clock ticks a second. */
export function systemUnits(): { pageSize: number; ticksPerSecond: number } {
  const wide = process.arch.endsWith('64') || process.arch === 's390x';
  return parseAuxv(readProc('/proc/self/auxv') ?? Buffer.alloc(0), wide ? 8 : 4);
}

/**
 * The clock of `/proc/<pid>/stat`'s start times; undefined where there is no `/proc`. Those count from boot and include
 * time asleep (CLOCK_BOOTTIME). `/proc/uptime` does so too, but in steps of 10 ms: the monotonic clock is exact,
 * and the same as long as the machine never slept.
 */
export function bootClock(): BootClock | undefined {
  if (process.platform !== 'linux') return undefined;
  const monotonic = Number(process.hrtime.bigint()) / 1e6;
  const boot = uptime() * 1000;
  const since = Math.abs(boot - monotonic) < 50 || boot < monotonic ? monotonic : boot;
  return { bootTime: Date.now() - since, tickMs: 1000 / systemUnits().ticksPerSecond };
}
