import { takeThreadMark } from './handover';
import { quietly } from './quietly';
import { system } from './system';
import type { Mark, Taken } from './taken';

type Environment = Record<string, string | undefined>;

const delimiter = process.platform === 'win32' ? ';' : ':';

/** Travels beside VSCODE_INSPECTOR_OPTIONS to the children that it is kept from. */
export const handedDown = 'PROCESSION_ATTACH';

/** Reads `1|<ancestor>|<options>|<run directory>`; the directory may hold further bars. */
function parseMark(text: string | undefined): Mark | undefined {
  const [version, ancestor, options, ...run] = text?.split('|') ?? [];
  if (version !== '1' || options === undefined || run.length === 0) return undefined;
  return { ancestor: ancestor || undefined, options, run: run.join('|') };
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
 * Reads the mark and takes everything of the launcher's out of `process.env`, so that the program finds there what it
 * would find without an observer. Undefined when this process is not observed.
 */
function takeProcessMark(): Taken | undefined {
  const environment: Environment = process.env;
  const mark = parseMark(environment.PROCESSION);
  if (!mark) return undefined;
  change(environment, 'PROCESSION', undefined);
  const { [handedDown]: attach, NODE_OPTIONS, PYTHONPATH } = environment;
  if (attach !== undefined) change(environment, handedDown, undefined);
  const found = findOption(NODE_OPTIONS || '');
  if (found) change(environment, 'NODE_OPTIONS', without(NODE_OPTIONS, found.option, ' '));
  const boot = bootBeside(found ? found.probe : __filename);
  const onPath = (PYTHONPATH || '').split(delimiter).includes(boot);
  if (onPath) change(environment, 'PYTHONPATH', without(PYTHONPATH, boot, delimiter));
  return { mark, option: found?.option, probe: found?.probe ?? __filename, boot: onPath ? boot : undefined, attach, hasLibraries: environment.LD_PRELOAD !== undefined };
}

/** Node disables process.abort in worker threads; asking worker_threads would cost 2 ms to load it. */
const isThread = (): boolean => (process.abort as { disabled?: boolean }).disabled === true;

/** What this process, or the worker thread in which this runs, was told. A thread's environment is what the program gave it. */
export const takeMark = (): Taken | undefined => (isThread() ? takeThreadMark() : takeProcessMark());
