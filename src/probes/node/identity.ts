import { quietly } from './quietly';
import { system } from './system';

/** The line of `/proc/self/stat` at the start of this thread, where there is one: put here by boot.ts. */
declare const ownStat: string | undefined;

/** Field number of a `/proc/<pid>/stat` line, counted as proc_pid_stat(5) does. Fields 1 and 2 are not served. */
function statField(line: string | undefined, field: number): string | undefined {
  // Field 2, the command's name, may hold spaces and parentheses of its own.
  return line?.slice(line.lastIndexOf(')') + 2).split(' ')[field - 3];
}

const stat = (pid: number | 'self'): string | undefined => quietly(() => system.readFileSync(`/proc/${pid}/stat`, 'utf8'));

/** `@` and the pid namespace, in a process of another one than the launcher's (a container, `unshare --pid`): see core/namespaces.ts. */
let space = '';
/** The numbers under /proc are those of this process's own pid namespace. */
let isOwnProc = true;

/** The reference to a process, or with a negative number to a group, whose start is not known. */
export const bare = (pid: number): string => `${pid}${space}`;

/** The reference to a living or not yet reaped process; without its start where `/proc` doesn't tell. */
export function identify(pid: number): string {
  const start = isOwnProc ? statField(stat(pid), 22) : undefined;
  return start ? `${bare(pid)}.${start}` : bare(pid);
}

/**
 * This process's own reference; `options` are those of the mark, which name the launcher's pid namespace. All threads of a process get
 * the same one where there is `/proc`.
 */
export function ownIdentity(options: string): string {
  const told = options.split('n')[1];
  const here = quietly(() => system.readlinkSync('/proc/self/ns/pid'))?.slice('pid:['.length, -1);
  isOwnProc = ownStat !== undefined && parseInt(ownStat, 10) === process.pid;
  // Without a /proc, nobody can say.
  if (told !== undefined && here !== told) space = here ? `@${here}` : ownStat === undefined ? '@0' : '';
  return `${bare(process.pid)}.${statField(ownStat, 22) ?? `m${Date.now()}`}`;
}

/** The process group of this process; undefined where it can't be known. */
export function ownGroup(): number | undefined {
  return isOwnProc ? Number(statField(stat('self'), 5)) : undefined;
}

/** The parent of a process under /proc. */
export const parentOf = (pid: number): number => Number(statField(stat(pid), 4));
