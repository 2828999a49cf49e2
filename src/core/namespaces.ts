import type { ProcessRef } from './events';

/**
 * References to processes of other pid namespaces (pid_namespaces(7)): containers, bubblewrap, `unshare --pid`.
 *
 * Such a process has one pid inside its namespace and another one outside. A probe inside knows only the inner pid, so it
 * writes `"<pid>@<namespace>.<start>"`; the namespace is the inode of `/proc/self/ns/pid`, 0 where the probe can't read it.
 * The sampler reads both pids (`NSpid` in `/proc/<pid>/status`) and tells the inner name as an alias of the outer one.
 * Until then the two are two records; from then on all that was and will be told of either is told of one member.
 */

/** Whose pid it is, without a start: the pid, or `"<pid>@<namespace>"` in another pid namespace than the launcher's. */
export type Address = number | string;

/** The pid in a reference, in the namespace where it was told. */
export const pidOf = (ref: ProcessRef): number => parseInt(ref, 10);

/** Whether a reference is in terms of another pid namespace than the launcher's. */
export const isInner = (ref: ProcessRef): boolean => ref.includes('@');

/** The pid namespace of a reference or an address; an empty text for the launcher's. */
export const spaceOf = (ref: Address): string => /@(\d+)/.exec(String(ref))?.[1] ?? '';

/** A reference without its start. */
export function addressOf(ref: ProcessRef): Address {
  return isInner(ref) ? (ref.split('.', 1)[0] ?? ref) : pidOf(ref);
}

/** The address of a pid that the process `teller` has named. */
export function addressBeside(teller: ProcessRef, pid: number): Address {
  return isInner(teller) ? `${pid}@${spaceOf(teller)}` : pid;
}
