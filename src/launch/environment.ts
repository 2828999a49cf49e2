import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { ProcessRef } from '../core/events';

/** The variables that bring the probes into the program. The probes take them out of its sight again. */

const versionOfMark = '1';

/** The mark that every process of a run carries; see `probes/`. `keepOutput`: members keep copies of what they print. */
export function markOf(run: string, ancestor: ProcessRef, keepOutput: boolean, debugged = false, chosen = false): string {
  return [versionOfMark, ancestor, `${keepOutput ? 'o' : ''}${debugged ? 'd' : ''}${chosen ? 'f' : ''}`, run].join('|');
}

export interface Observation {
  run: string;
  /** the folder that holds `python/` and `node/` */
  probes: string;
  /** who starts the root: the launcher */
  ancestor: ProcessRef;
  keepOutput: boolean;
  /** the root is started under a debugger, which a forked child must not inherit */
  debugged?: boolean;
  /** the run directory says which children its debugger may attach to (`attach.json`) */
  chosen?: boolean;
}

/** Node reads NODE_OPTIONS like a shell word: in double quotes, `\` and `"` escaped (node, `ParseNodeOptionsEnvVar`). */
const quoteNodeOption = (path: string): string => `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** The environment of an observed root: the user's own with the mark and the two ways in. A variable set to nothing stays distinguishable from one not set. */
export function observedEnvironment(base: NodeJS.ProcessEnv, observation: Observation): NodeJS.ProcessEnv {
  const boot = join(observation.probes, 'python', 'boot');
  const preload = `--require ${quoteNodeOption(join(observation.probes, 'node', 'probe.cjs'))}`;
  return {
    ...base,
    PROCESSION: markOf(observation.run, observation.ancestor, observation.keepOutput, observation.debugged, observation.chosen),
    PYTHONPATH: base.PYTHONPATH === undefined ? boot : `${boot}${delimiter}${base.PYTHONPATH}`,
    NODE_OPTIONS: base.NODE_OPTIONS === undefined ? preload : `${preload} ${base.NODE_OPTIONS}`,
  };
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(py|cjs|mjs|js)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/**
 * Puts the probes where they stay: a program may outlive this version of the extension, and a Node process dies at
 * start when the file of its `--require` is missing. The folder is named by content, and never removed.
 * Falls back to the shipped folder when the user's cache can't be written.
 */
export function installProbes(shipped: string, environment: NodeJS.ProcessEnv = process.env): string {
  const hash = createHash('sha256');
  for (const file of filesOf(shipped)) hash.update(file.slice(shipped.length)).update('\0').update(readFileSync(file)).update('\0');
  const cache = process.platform === 'win32'
    ? (environment.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'))
    : (environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'));
  const folder = join(cache, 'procession', 'probes', hash.digest('hex').slice(0, 16));
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  try {
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    cpSync(shipped, draft, { recursive: true });
    renameSync(draft, folder);
  } catch {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(folder)) return shipped;
  }
  return folder;
}
