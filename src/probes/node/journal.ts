import { now } from './clock';
import { quietly } from './quietly';
import { system } from './system';

type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };

/** One event of the vocabulary in `core/events.ts`, but for `t` and `id`, which the journal adds. */
export type Fact = { readonly e: string; readonly t?: number } & { readonly [key: string]: Json };

/** `ready`; `silent` after a write that failed; `gone` when the run directory is no more. */
type State = 'ready' | 'silent' | 'gone';

// Taken once, at preload: the program may replace it.
const { stringify } = JSON;
let state: State = 'silent';
let path = '';
let self = '';

/** JSON.stringify, but for a `toJSON` that a program may have put on Object.prototype or Array.prototype. */
function encode(value: Json): string {
  if (typeof value !== 'object' || value === null) return stringify(value) ?? 'null';
  if (!('toJSON' in [])) return stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(encode).join(',')}]`;
  const entries = value as { readonly [key: string]: Json };
  const members = Object.keys(entries).filter((key) => entries[key] !== undefined);
  return `{${members.map((key) => `${stringify(key)}:${encode(entries[key])}`).join(',')}}`;
}

/**
 * Appends text to a file of the run directory. The file is opened for each write: a descriptor that
 * stays open shifts the numbers of the program's own, and a program that closes descriptors it does
 * not know may reuse the number for a file that is not ours.
 */
export function append(file: string, data: string | Uint8Array): void {
  const descriptor = system.openSync(file, 'a', 0o600);
  try {
    if (typeof data === 'string') system.writeSync(descriptor, data);
    else system.writeSync(descriptor, data);
  } finally {
    system.closeSync(descriptor);
  }
}

/** Opens the journal of the process `id` in the run directory `run`. */
export function openJournal(run: string, id: string): void {
  path = `${run}/events/${id}.ndjson`;
  self = id;
  state = 'ready';
}

/** Whether the run's directory still takes events; false also before `openJournal`. */
export function runIsGone(): boolean {
  return state === 'gone';
}

/** Whether what this process has recorded so far was written. */
export function isHeard(): boolean {
  return state === 'ready';
}

/** Writes one event as a whole line in one append. After the first failure the journal stays silent for good. */
export function record(fact: Fact): void {
  if (state !== 'ready') return;
  const { e, t, ...rest } = fact;
  const line = quietly(() => encode({ e, t: t ?? now(), id: self, ...rest }));
  if (line === undefined) return;
  try {
    append(path, `${line}\n`);
  } catch (error) {
    state = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : 'silent';
  }
}

/** Arguments as events carry them: at most 100, each cut at 1000 characters. */
export function brief(argv: readonly unknown[]): string[] {
  return argv.slice(0, 100).map((argument) => String(argument).slice(0, 1000));
}
