import { admit, takePolicy } from './attaching';
import { quietly } from './quietly';
import { system } from './system';

/** What the launcher tells every process of a run. */
export interface Mark {
  /** the nearest ancestor with a probe */
  readonly ancestor: string | undefined;
  readonly options: string;
  /** the run directory */
  readonly run: string;
}

type Environment = Record<string, string | undefined>;

/** What is taken out of the program's environment and put back into each child's. */
interface Injection {
  mark: string;
  /** `--require "<probe>"` as found in NODE_OPTIONS, and the path in it */
  option: string | undefined;
  probe: string;
  /** the directory of the Python probe, when it was found in PYTHONPATH */
  boot: string | undefined;
}

const delimiter = process.platform === 'win32' ? ';' : ':';
const injection: Injection = { mark: '', option: undefined, probe: '', boot: undefined };

/** Reads `1|<ancestor>|<options>|<run directory>`; the directory may hold further bars. */
function parseMark(text: string | undefined): Mark | undefined {
  const [version, ancestor, options, ...run] = text?.split('|') ?? [];
  if (version !== '1' || options === undefined || run.length === 0) return undefined;
  return { ancestor: ancestor || undefined, options, run: run.join('|') };
}

/** The environment this process was started with: a worker thread's own copy no longer has the mark. */
function originalEnvironment(): Environment {
  const environment: Environment = {};
  for (const pair of system.readFileSync('/proc/self/environ', 'utf8').split('\0')) {
    const equals = pair.indexOf('=');
    if (equals > 0) environment[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  return environment;
}

/** Finds the option that loads this very file, however the path is written. */
function findOption(nodeOptions: string): { option: string; probe: string } | undefined {
  const start = '--require "';
  for (let from = nodeOptions.indexOf(start); from >= 0; from = nodeOptions.indexOf(start, from + 1)) {
    let probe = '';
    let at = from + start.length;
    for (; at < nodeOptions.length && nodeOptions[at] !== '"'; at++) {
      if (nodeOptions[at] === '\\') at++;
      probe += nodeOptions[at];
    }
    if (probe === __filename || quietly(() => system.realpathSync(probe)) === __filename) return { option: nodeOptions.slice(from, at + 1), probe };
  }
  return undefined;
}

/** Where the Python probe stands, from the path of this one, `<probes>/node/probe.cjs`. */
function bootBeside(probe: string): string {
  const folder = probe.slice(0, Math.max(probe.lastIndexOf('/'), probe.lastIndexOf('\\')));
  const separator = process.platform === 'win32' ? '\\' : '/';
  return [folder.slice(0, folder.lastIndexOf(separator)), 'python', 'boot'].join(separator);
}

/** `list` without its element `part`; undefined when nothing else was in it. */
function without(list: string | undefined, part: string, separator: string): string | undefined {
  if (list === undefined || list === part) return undefined;
  if (list.startsWith(part + separator)) return list.slice(part.length + separator.length);
  if (list.endsWith(separator + part)) return list.slice(0, -part.length - separator.length);
  return list.split(separator + part + separator).join(separator);
}

function change(environment: Environment, name: string, value: string | undefined): void {
  if (environment[name] === value) return;
  if (value === undefined) delete environment[name];
  else environment[name] = value;
}

/**
 * Reads the mark and takes everything of the launcher's out of `process.env`, so that the program
 * finds there what it would find without an observer. Undefined when this process is not observed.
 */
export function takeMark(inWorker: boolean): Mark | undefined {
  const environment: Environment = inWorker ? originalEnvironment() : process.env;
  const mark = parseMark(environment.PROCESSION);
  if (!mark) return undefined;
  const found = findOption(environment.NODE_OPTIONS ?? '');
  const boot = found && bootBeside(found.probe);
  const onPath = boot !== undefined && (environment.PYTHONPATH ?? '').split(delimiter).includes(boot);
  Object.assign(injection, { ...found, boot: onPath ? boot : undefined });

  takePolicy(process.env, mark.options, mark.run);
  change(process.env, 'PROCESSION', undefined);
  if (found) change(process.env, 'NODE_OPTIONS', without(process.env.NODE_OPTIONS, found.option, ' '));
  if (onPath) change(process.env, 'PYTHONPATH', without(process.env.PYTHONPATH, boot, delimiter));
  return mark;
}

/** Says what children are told: the same run, with this process as their nearest ancestor. */
export function markChildren(mark: Mark, id: string): void {
  injection.mark = `1|${id}|${mark.options}|${mark.run}`;
}

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
  admit(pairs, args);
  put(pairs, 'PROCESSION', injection.mark, undefined);
  if (injection.boot !== undefined) put(pairs, 'PYTHONPATH', injection.boot, delimiter);
  if (mayRequire(pairs, args)) put(pairs, 'NODE_OPTIONS', injection.option!, ' ');
}

function mayRequire(pairs: readonly string[], args: readonly string[]): boolean {
  // A process of the debugger's own (the watchdog of js-debug) is not the program's.
  if (pairs.some((pair) => pair.startsWith('NODE_INSPECTOR_INFO='))) return false;
  // Node 20 dies of a preload that its permission model doesn't let it read.
  if (args.includes('--experimental-permission')) return false;
  // A preload that is gone (the product was removed) would kill every Node process.
  return injection.option !== undefined && system.existsSync(injection.probe);
}
