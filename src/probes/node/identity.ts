import { quietly } from './quietly';
import { system } from './system';

/** Field number of a `/proc/<pid>/stat` line, counted as proc_pid_stat(5) does. Fields 1 and 2 are not served. */
export function statField(pid: number | 'self', field: number): string | undefined {
  const line = quietly(() => system.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // Field 2, the command's name, may hold spaces and parentheses of its own.
  return line?.slice(line.lastIndexOf(')') + 2).split(' ')[field - 3];
}

/** `"<pid>.<start>"` of a living or not yet reaped process; the bare pid where `/proc` doesn't tell. */
export function identify(pid: number): string {
  const start = statField(pid, 22);
  return start ? `${pid}.${start}` : String(pid);
}

/** This process's own reference. All threads of a process get the same one where there is `/proc`. */
export function ownIdentity(): string {
  return `${process.pid}.${statField('self', 22) ?? `m${Date.now()}`}`;
}

/** The process group of this process. */
export function ownGroup(): number {
  return Number(statField('self', 5) ?? process.pid);
}
