import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { codeOf } from '../core/errors';
import type { ProcessRef } from '../core/events';
import { ownPidNamespace } from '../observe/system/linux/ownProc';
import { ownFolder } from '../observe/record/runDirectory';
import { admitsPreload } from '../probes/node/commandLine';
import { isSafePlace, isSoundTree } from './trustedFiles';

/** The variables that bring the probes into the program. The probes take them out of its sight again. */

const versionOfMark = '1';

/**
 * The mark that every process of a run carries; see `probes/`. Last of the options is the pid namespace in which pids need not be told
 * apart: that of the observer, and so of this process.
 */
export function markOf({ run, ancestor, keepOutput, debugged, chosen, relayed }: Omit<Observation, 'probes'>): string {
  const namespace = ownPidNamespace();
  const options = `${keepOutput ? 'o' : ''}${debugged ? 'd' : ''}${chosen ? 'f' : ''}${relayed ? 'r' : ''}${namespace === undefined ? '' : `n${namespace}`}`;
  return [versionOfMark, ancestor, options, run].join('|');
}

export interface Observation {
  run: string;
  /** the folder that holds `python/` and `node/` */
  probes: string;
  /** who starts the root: the launcher */
  ancestor: ProcessRef;
  /** members keep copies of what they print */
  keepOutput: boolean;
  /** the root is started under a debugger, which a forked child must not inherit */
  debugged?: boolean;
  /** members tell where what they print goes, so that a console can show it with their names */
  relayed?: boolean;
  /** the run directory says which children its debugger may attach to (`attach.json`) */
  chosen?: boolean;
}

/** Node reads NODE_OPTIONS like a shell word: in double quotes, `\` and `"` escaped (node, `ParseNodeOptionsEnvVar`). */
const quoteNodeOption = (path: string): string => `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/**
 * The variables of an observed root: the mark and the two ways in, each before what the user's own holds; none where `argv` is of a Node
 * that would end at once for them. One set to nothing stays distinguishable from one not set.
 */
export function observedVariables(base: NodeJS.ProcessEnv, observation: Observation, argv: readonly string[] = []): Record<string, string> {
  if (!admitsPreload(argv, base.NODE_OPTIONS)) return {};
  const boot = join(observation.probes, 'python', 'boot');
  const preload = `--require ${quoteNodeOption(join(observation.probes, 'node', 'probe.cjs'))}`;
  return {
    PROCESSION: markOf(observation),
    PYTHONPATH: base.PYTHONPATH === undefined ? boot : `${boot}${delimiter}${base.PYTHONPATH}`,
    NODE_OPTIONS: base.NODE_OPTIONS === undefined ? preload : `${preload} ${base.NODE_OPTIONS}`,
  };
}

/** The environment of an observed root. */
export const observedEnvironment = (base: NodeJS.ProcessEnv, observation: Observation, argv?: readonly string[]): NodeJS.ProcessEnv => ({ ...base, ...observedVariables(base, observation, argv) });

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(py|cjs|mjs|js)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Python compiles what it imports, and would make the folders for it by the program's umask, which may let everybody write there. */
const bytecode = '__pycache__';

/** Makes a folder for a copy with those above it that are missing. By chmod, because a umask may give too much or too little. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
    chmodSync(path, 0o755);
  } catch (error) {
    // Another process was faster.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Whether the copy in a folder may enter programs: nobody else can change it, or put another in its place. */
const isTrusted = (folder: string, openToAll: boolean): boolean => isSafePlace(folder, openToAll) && isSoundTree(folder);

/** Copies the probes into `cache`. Returns their folder; undefined: it can't be written, or others have a say in it. */
function copyProbes(shipped: string, cache: string, openToAll = false): string | undefined {
  const files = filesOf(shipped).map((file) => ({ name: file.slice(shipped.length), text: readFileSync(file) }));
  const hash = createHash('sha256');
  for (const { name, text } of files) hash.update(name).update('\0').update(text).update('\0');
  const folder = join(cache, 'procession', 'probes', hash.digest('hex').slice(0, 16));
  if (existsSync(folder)) return isTrusted(folder, openToAll) ? folder : undefined;
  const draft = `${folder}.${randomBytes(6).toString('hex')}`;
  try {
    makeFolder(dirname(folder));
    if (!isSafePlace(dirname(folder), openToAll)) return undefined;
    for (const { name, text } of files) {
      const file = join(draft, name);
      makeFolder(name.endsWith('.py') ? join(dirname(file), bytecode) : dirname(file));
      writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
      chmodSync(file, 0o644);
    }
    renameSync(draft, folder);
  } catch {
    // There is no room for it, or another process was faster.
    rmSync(draft, { recursive: true, force: true });
  }
  return isTrusted(folder, openToAll) ? folder : undefined;
}

/**
 * Puts the probes where they stay: a program may outlive this version of the extension, and a Node process dies at
 * start when the file of its `--require` is missing. The folder is named by content, and never removed.
 * What root starts may go on as another user (`setpriv`, `spawn` with a `uid`), and dies as well of a file that it may not read:
 * so root's lie where all can read them, if there is such a place. Where others have a say in the user's cache, which may be shared,
 * the copy lies in a folder of the user's own; where nothing can be written, the probes stay in the shipped folder.
 */
export function installProbes(shipped: string, environment: NodeJS.ProcessEnv = process.env): string {
  const usual = join(homedir(), process.platform === 'win32' ? 'AppData/Local' : '.cache');
  const cache = (process.platform === 'win32' ? environment.LOCALAPPDATA : environment.XDG_CACHE_HOME) || usual;
  for (const open of process.getuid?.() === 0 ? [cache, '/var/cache'] : []) {
    const folder = isSafePlace(open, true) ? copyProbes(shipped, open, true) : undefined;
    if (folder !== undefined) return folder;
  }
  return copyProbes(shipped, cache) ?? copyProbes(shipped, usual) ?? privateCopy(shipped) ?? shipped;
}

function privateCopy(shipped: string): string | undefined {
  try {
    return copyProbes(shipped, ownFolder(tmpdir()));
  } catch {
    return undefined;
  }
}
