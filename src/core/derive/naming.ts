import { helperName, nameFromCommand } from '../classify';
import { isShell } from '../interpreters';
import type { ProcessRef } from '../events';
import type { Member } from '../member';
import type { MemberRecord } from '../claims';
import type { Command } from './commands';
import type { RunView } from './view';

/** What a person calls a process and sorts it by: name, role, start method, target, rank. */

/** Longest title that serves as a name, in characters. */
const longestName = 60;

/** Names that a runtime makes up by counting: a title that the program has chosen says more. */
const isCounted = (name: string): boolean => /^(\w+)?(Process|PoolWorker)-\d+(:\d+)*$/.test(name);

/** A name that somebody has given to the process; undefined where only its command line can name it. */
function givenName({ claims: { name, start, spawn } }: MemberRecord, root: boolean): string | undefined {
  // Each program that imports multiprocessing calls itself MainProcess. It is a name where it means the first of the run.
  return [name?.value, start?.value.name, spawn?.value.name].find((told) => told !== undefined && (root || told !== 'MainProcess'));
}

/** A script's own name is no name that anybody gave: `child_process.fork` tells it where there is no other. */
const isScriptName = (name: string, method: string | undefined): boolean => method === 'child_process.fork' && /\.[cm]?[jt]sx?$/.test(name);

export function nameOf(record: MemberRecord, { argv, title, inherited }: Command, root: boolean): string {
  const given = givenName(record, root);
  const weak = given === undefined || given === 'MainProcess' || isCounted(given) || isScriptName(given, record.claims.spawn?.value.method);
  if (given !== undefined && !weak) return given;
  const titled = title === null ? undefined : nameFromTitle(title);
  if (titled !== undefined && !inherited) return titled;
  if (given !== undefined && !(root && helperName(argv) !== undefined)) return given;
  return titled ?? (argv.length > 0 ? nameFromCommand(argv) : (record.claims.seen?.value.comm ?? 'process'));
}

/** Some programs write a command line of their own into the title: `node /srv/app.js`. */
function nameFromTitle(title: string): string {
  const words = title.split(' ');
  const name = /^(node|python[\d.]*)$/.test(words[0] ?? '') ? nameFromCommand(words) : title;
  return name.length > longestName ? `${name.slice(0, longestName - 1)}…` : name;
}

/** The role as far as the process itself, its parent and its command line tell. */
export function roleOf({ claims: { role, spawn, seen } }: MemberRecord, { argv, title }: Command, root: boolean): Member['role'] {
  if (root) return 'root';
  const told = [role?.value, spawn?.value.role];
  if (told.includes('helper')) return 'helper';
  // A child of the fork server shows the fork server's command line: multiprocessing knows better what it is.
  const known = /^(fork|spawn|forkserver)$/.test(spawn?.value.method ?? '') && told.some((one) => one !== undefined);
  if (!known && (helperName(argv) ?? (title === null ? undefined : helperName([title]))) !== undefined) return 'helper';
  // A shell that no program of the person's started by name is a subshell. One that ended at once shows its short name only.
  if (!spawn && isShell(argv.length > 0 ? argv : [seen?.value.comm ?? ''])) return 'helper';
  return told.includes('worker') ? 'worker' : 'child';
}

export function startMethodOf({ claims: { spawn, method, start } }: MemberRecord, root: boolean): string {
  if (root) return 'launch';
  return spawn?.value.method ?? method?.value ?? start?.value.method ?? 'unknown';
}

export function targetOf({ claims }: MemberRecord): Member['target'] {
  const target = claims.target?.value ?? claims.spawn?.value.target;
  return target ? { function: target.function ?? '', file: target.file, line: target.line } : null;
}

/** Python's daemon flag, or Node's `detached`; null where nobody told. The main process of multiprocessing is no daemon. */
export function daemonOf({ claims: { daemon, start, spawn, name } }: MemberRecord): boolean | null {
  return daemon?.value ?? start?.value.daemon ?? spawn?.value.daemon ?? (name?.value === 'MainProcess' ? false : null);
}

/** Rank of a process under mpirun, torchrun or srun, only where it is not just its parent's, inherited by the environment. */
export function rankOf(view: RunView, { claims }: MemberRecord, parent: ProcessRef | null): Pick<Member, 'rank' | 'localRank' | 'worldSize'> {
  const own = claims.rank?.value;
  const inherited = parent === null ? undefined : view.record(parent)?.claims.rank?.value;
  if (!own || inherited?.rank === own.rank) return { rank: null, localRank: null, worldSize: null };
  return { rank: own.rank ?? null, localRank: own.localRank ?? null, worldSize: own.worldSize ?? null };
}
