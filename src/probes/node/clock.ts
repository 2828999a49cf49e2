import { quietly } from './quietly';
import { openFlags, system } from './system';

// The program may replace Date or process.hrtime later on (fake timers do), so both are kept.
const wallClock = Date.now;
const hrtime = process.hrtime;

const monotonic = (): number => {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
};

let offset = wallClock() - monotonic();

/**
 * What this process believes to be the time. Date.now() knows whole milliseconds only and the `performance` global costs a
 * millisecond to load, so the fraction comes from the monotonic clock, held inside the millisecond that Date.now() tells.
 */
function ownTime(ticks: number): number {
  const wall = wallClock();
  const fine = ticks + offset;
  if (fine >= wall && fine < wall + 1) return Math.round(fine * 1e3) / 1e3;
  offset = wall - ticks;
  return wall;
}

let folder: string | undefined;

/** Has the clock compared with the kernel's, by files in `directory`: a library (libfaketime) may put it wrong, make it faster, or stop it. */
export function distrustClock(directory: string): void {
  folder = directory;
}

/** open(2): `O_TMPFILE`, which Node doesn't name, and `O_RDWR`. The file has no name, so nobody sees it. */
const unnamed = 0o20_000_000 | openFlags.O_DIRECTORY | openFlags.O_RDWR;

/** ms since the epoch as the kernel stamps a new file, in steps of up to 10 ms; undefined where files must have names. */
function kernelTime(directory: string): number | undefined {
  return quietly(() => {
    const descriptor = system.openSync(directory, unnamed, 0o600);
    try {
      return system.fstatSync(descriptor).mtimeMs;
    } finally {
      system.closeSync(descriptor);
    }
  });
}

/** ms of our own time between two comparisons, and by which the kernel's stamp may be off */
const interval = 100;
const tolerance = 20;

let comparedAt = -Infinity;
let last = 0;
let isFake = false;

function compare(directory: string, ticks: number): void {
  comparedAt = ticks;
  const before = wallClock();
  const time = kernelTime(directory);
  isFake = time !== undefined && (time < before - tolerance || time > wallClock() + tolerance);
}

/** Milliseconds since the epoch, with a fraction: the system's time, whatever this process is told. */
export function now(): number {
  const ticks = monotonic();
  if (folder === undefined) return ownTime(ticks);
  if (!isFake && (Math.abs(ticks - comparedAt) >= interval || ticks === last)) compare(folder, ticks);
  last = ticks;
  return (isFake ? kernelTime(folder) : undefined) ?? ownTime(ticks);
}
