import { runtimeFromCommand, scriptOf } from '../interpreters';
import type { ProcessRef, Runtime } from '../events';
import { baseName } from '../paths';
import type { MemberRecord } from '../claims';
import { titleOf, withoutPadding } from '../titles';
import { latestOf } from './parents';
import type { RunView } from './view';

/** What a process runs: its command line, the title that it gives itself instead, and the runtime. */

export interface Command {
  argv: string[];
  /** what it calls itself in process lists */
  title: string | null;
  /** whether a fork has brought the title along from its parent */
  inherited: boolean;
}

const sameWords = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((word, index) => word === b[index]);

/** The command line of the image that runs now: the last of what was seen, started or exec'ed; and its title. */
export function commandOf(view: RunView, record: MemberRecord, parent: ProcessRef | null): Command {
  const { start, exec, seen, spawn } = record.claims;
  const asked = spawn?.value.argv ?? [];
  const shown = withoutPadding(seen?.value.argv ?? []);
  const { start: parentStart, seen: parentSeen, firstSeen: parentFirst } = (parent === null ? undefined : view.record(parent)?.claims) ?? {};
  const parents = [parentStart, parentSeen, parentFirst].flatMap((claim) => (claim?.value.argv ? [withoutPadding(claim.value.argv)] : []));
  // Between fork and exec a child still shows its parent's command line; what the parent asked for is better then.
  const borrowed = asked.length > 0 && shown.length > 0 && !start && parents.some((argv) => sameWords(argv, shown));
  const written = borrowed ? undefined : titleOf(seen?.value.argv ?? [], seen?.value.exe);
  const image = seen && !borrowed && written === undefined ? { t: seen.t, value: { argv: shown } } : undefined;
  const argv = latestOf([start, exec, image].filter((claim) => claim?.value.argv.length))?.value.argv ?? (asked.length > 0 ? asked : shown);
  const title = written ?? (borrowed ? undefined : renamed(record, argv));
  const inherited = title !== undefined && (written === undefined ? parentSeen?.value.comm === title : parents.some((words) => sameWords(words, shown)));
  return { argv, title: title ?? null, inherited };
}

/** Threads have names, too, and runtimes give one to the main thread: that is none of the process's. */
const isThreadName = (name: string): boolean => /thread/i.test(name);

/**
 * The name that a process with a probe has given itself by PR_SET_NAME alone: its short name is not what `execve(2)` makes
 * it, the first 15 bytes of the program's or script's name.
 */
function renamed({ claims: { start, exec, seen } }: MemberRecord, argv: readonly string[]): string | undefined {
  const comm = seen?.value.comm;
  if (!start || !comm || seen.t < start.t || (exec && exec.t > start.t) || isThreadName(comm)) return undefined;
  const programs = [argv[0], start.value.argv[0], start.value.exe, seen.value.exe, scriptOf(argv), scriptOf(start.value.argv)];
  return programs.some((path) => path !== undefined && baseName(path).startsWith(comm)) ? undefined : comm;
}

/** What runs in it: the probe's word, unless the process has replaced its image since. */
export function runtimeOf({ claims: { start, exec, spawn } }: MemberRecord, argv: readonly string[]): Runtime {
  if (start && !(exec && exec.t > start.t)) return start.value.runtime;
  if (argv.length === 0 && /^(fork|spawn|forkserver)$/.test(spawn?.value.method ?? '')) return 'python';
  return runtimeFromCommand(argv);
}
