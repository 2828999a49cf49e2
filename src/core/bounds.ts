import type { Event } from './events';

/** Bounds of the run state. A run may go on for days: what has ended long ago is let go, and counted. */
export const limits = { members: 20_000, signals: 16, groupSignals: 256, threads: 512, looseOfPid: 64, loosePids: 20_000, spawnFailures: 100 };

/** The greatest length of a traceback, and of any other text or command line, in characters. */
const textLimit = 16_384;
export const argumentLimit = 4_096;

const clip = (value: string, length = argumentLimit): string => (value.length > length ? `${value.slice(0, length)}…` : value);

/** A command line of at most {@link argumentLimit} characters in all. */
function clipArguments(argv: string[]): string[] {
  let left = argumentLimit;
  const kept: string[] = [];
  for (const argument of argv) {
    if (left <= 0) return [...kept, '…'];
    kept.push(clip(argument, left));
    left -= argument.length + 1;
  }
  return kept;
}

const limitOf = (key: string): number => (key === 'traceback' ? textLimit : argumentLimit);

function isLong(key: string, value: unknown): boolean {
  if (typeof value === 'string') return value.length > limitOf(key);
  if (typeof value !== 'object' || value === null) return false;
  if (!Array.isArray(value)) return Object.values(value).some((part) => typeof part === 'string' && part.length > argumentLimit);
  let length = 0;
  for (const argument of value as string[]) length += argument.length + 1;
  return length > argumentLimit;
}

/** Cuts the texts of an event to a bounded length, so that a hostile line can't fill the memory. One that is short is returned as it is. */
export function bounded<E extends Event>(event: E): E {
  let long = false;
  for (const key in event) if (isLong(key, event[key])) long = true;
  // A piece of a text keeps the whole of it in memory (V8, sliced strings); what JSON gives back does not.
  return long ? (JSON.parse(JSON.stringify(event, clipped)) as E) : event;
}

const clipped = (key: string, value: unknown): unknown =>
  Array.isArray(value) ? clipArguments(value as string[]) : typeof value === 'string' ? clip(value, limitOf(key)) : value;
