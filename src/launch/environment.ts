import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { ProcessRef } from '../core/events';
import { ownPidNamespace } from '../observe/system/linux/ownProc';
import { admitsPreload } from '../probes/node/commandLine';

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

/** Whether all users come into a folder, and nobody but root can change what stands there, on the whole way down to it. */
function isOpen(folder: string): boolean {
  try {
    for (let at = realpathSync(folder); ; at = dirname(at)) {
      const { uid, mode } = statSync(at);
      // Who may write to a folder with the sticky bit (/tmp) can't replace what others have in it.
      if (uid !== 0 || (mode & 0o001) === 0 || ((mode & 0o022) !== 0 && (mode & 0o1000) === 0)) return false;
      if (at === dirname(at)) return true;
    }
  } catch {
    return false;
  }
}

/** Copies the probes into `cache`, for all to read where `open`. Returns their folder; undefined: it can't be written. */
function copyProbes(shipped: string, cache: string, open: boolean): string | undefined {
  const files = filesOf(shipped).map((file) => ({ name: file.slice(shipped.length), text: readFileSync(file) }));
  const hash = createHash('sha256');
  for (const { name, text } of files) hash.update(name).update('\0').update(text).update('\0');
  const folder = join(cache, 'procession', 'probes', hash.digest('hex').slice(0, 16));
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  // By chmod, because a umask may take away what is asked for.
  const grant = (path: string, mode: number): void => void (open && chmodSync(path, mode));
  const makeFolder = (path: string): void => {
    if (existsSync(path)) return;
    makeFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
    grant(path, 0o755);
  };
  try {
    for (const { name, text } of files) {
      makeFolder(dirname(join(draft, name)));
      writeFileSync(join(draft, name), text, { mode: 0o600 });
      grant(join(draft, name), 0o644);
    }
    renameSync(draft, folder);
  } catch {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(folder)) return undefined;
  }
  return folder;
}

/**
 * Puts the probes where they stay: a program may outlive this version of the extension, and a Node process dies at
 * start when the file of its `--require` is missing. The folder is named by content, and never removed.
 * What root starts may go on as another user (`setpriv`, `spawn` with a `uid`), and dies as well of a file that it may not read:
 * so root's lie where all can read them. Falls back to the shipped folder when the user's cache can't be written.
 */
export function installProbes(shipped: string, environment: NodeJS.ProcessEnv = process.env): string {
  const cache = process.platform === 'win32'
    ? environment.LOCALAPPDATA || join(homedir(), 'AppData', 'Local')
    : environment.XDG_CACHE_HOME || join(homedir(), '.cache');
  for (const open of process.getuid?.() === 0 ? [cache, '/var/cache'].filter(isOpen) : []) {
    const folder = copyProbes(shipped, open, true);
    if (folder !== undefined && isOpen(folder)) return folder;
  }
  return copyProbes(shipped, cache, false) ?? shipped;
}
