import { admit } from './attaching';
import { admitsPreload } from './commandLine';
import { system } from './system';
import type { Taken } from './taken';

/** Puts what the probe has taken out of the program's environment into the environments of its children. */

const delimiter = process.platform === 'win32' ? ';' : ':';

let taken: Taken | undefined;
let mark = '';

/** Says what children are told: the same run, and their nearest ancestor that tells of itself. */
export function markChildren(own: Taken, ancestor: string): void {
  taken = own;
  mark = `1|${ancestor}|${own.mark.options}|${own.mark.run}`;
}

const valueIn = (pairs: readonly string[], name: string): string | undefined => pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);

/** Sets `name` in a list of `NAME=value`, where it stands or at the end. */
function put(pairs: string[], name: string, part: string, separator: string | undefined): void {
  const index = pairs.findIndex((pair) => pair.startsWith(`${name}=`));
  const old = index < 0 || separator === undefined ? undefined : pairs[index]!.slice(name.length + 1);
  if (old !== undefined && separator !== undefined && (separator + old + separator).includes(separator + part + separator)) return;
  const pair = `${name}=${old === undefined ? part : part + separator! + old}`;
  if (index < 0) pairs.push(pair);
  else pairs[index] = pair;
}

/**
 * Puts the launcher's variables into a child's environment, before what the program itself put there.
 * `args` is the child's command line.
 */
export function markEnvironment(pairs: string[], args: readonly string[]): void {
  // What no probe can enter shall see nothing of ours.
  if (!taken || !admitsPreload(args, valueIn(pairs, 'NODE_OPTIONS'))) return;
  admit(pairs, args);
  put(pairs, 'PROCESSION', mark, undefined);
  if (taken.boot !== undefined) put(pairs, 'PYTHONPATH', taken.boot, delimiter);
  if (mayRequire(taken, pairs)) put(pairs, 'NODE_OPTIONS', taken.option!, ' ');
}

function mayRequire({ option, probe }: Taken, pairs: readonly string[]): boolean {
  // A process of the debugger's own (the watchdog of js-debug) is not the program's.
  if (pairs.some((pair) => pair.startsWith('NODE_INSPECTOR_INFO='))) return false;
  // A preload that is gone (the product was removed) would kill every Node process.
  return option !== undefined && (system.existsSync(probe) || isForbidden(probe));
}

/** This process can't see whether a file is there. It was when this process started. */
function isForbidden(file: string): boolean {
  const { permission } = process as { permission?: { has(scope: string, file: string): boolean } };
  return permission?.has('fs.read', file) === false;
}
