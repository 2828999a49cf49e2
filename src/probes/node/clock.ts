// The program may replace Date or process.hrtime later on (fake timers do), so both are kept.
const wallClock = Date.now;
const hrtime = process.hrtime;

const monotonic = (): number => {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
};

let offset = wallClock() - monotonic();

/**
 * Milliseconds since the epoch, with a fraction. Date.now() knows whole milliseconds only and the
 * `performance` global costs a millisecond to load, so the fraction comes from the monotonic clock,
 * held inside the millisecond that Date.now() tells.
 */
export function now(): number {
  const wall = wallClock();
  const ticks = monotonic();
  const fine = ticks + offset;
  if (fine >= wall && fine < wall + 1) return Math.round(fine * 1e3) / 1e3;
  offset = wall - ticks;
  return wall;
}
