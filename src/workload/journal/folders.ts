import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, watch, type FSWatcher } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { codeOf } from '../../core/errors';
import type { ProcessRef } from '../../core/events';
import { isSame } from '../../observe/system/identity';
import { createFile, isOwnFolder, removeFile, replaceFile } from '../../observe/record/ownFiles';
import { readRegular } from '../../observe/record/regularFile';
import { listRuns, type RunDescription } from '../../observe/record/runDirectory';
import { progressOf, type Progress } from '../protocol';

/** Run directories of workloads lie on disk, not in memory: a journal is to outlive the machine's restart. */
function stateFolder(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'procession', 'workloads');
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'procession', 'workloads');
}

/** The folder with all runs of one workload. `identity`: the path of its file, or the words of its command line and where it was given. */
export function runsOf(identity: string, env: NodeJS.ProcessEnv): string {
  const name = basename(identity).replace(/\.workload\.json$/, '').replaceAll(/[^\w.-]+/g, '-').slice(0, 24);
  return join(stateFolder(env), `${name}-${createHash('sha256').update(identity).digest('hex').slice(0, 8)}`);
}

/** The runs of all workloads, those of each the oldest first. */
export function listAllRuns(env: NodeJS.ProcessEnv): string[] {
  try {
    return readdirSync(stateFolder(env)).flatMap((name) => listRuns(join(stateFolder(env), name)));
  } catch {
    return [];
  }
}

/** Touched whenever a run begins: who watches the folder of all workloads learns of those that others start. */
const bellOf = (env: NodeJS.ProcessEnv): string => join(stateFolder(env), 'bell');

/** Tells those who watch that a run has begun. */
export function ringBell(env: NodeJS.ProcessEnv): void {
  try {
    replaceFile(bellOf(env), `${process.pid}\n`);
  } catch {
    // Nobody is told, and the run goes on.
  }
}

/** Calls back after runs have begun, until it is closed. */
export function onBell(env: NodeJS.ProcessEnv, told: () => void): FSWatcher {
  mkdirSync(stateFolder(env), { recursive: true, mode: 0o700 });
  return watch(stateFolder(env), { persistent: false }, (_, name) => {
    if (name === basename(bellOf(env))) told();
  });
}

/** A run of a workload keeps its directory: a resumed one goes on with the journal in it. */
export const isWorkloadRun = ({ command }: Pick<RunDescription, 'command'>): boolean => command[0] === 'procession' && command[1] === 'map';

/** The folders of one workload's runs, the oldest first: names sort by time. Those of other users are none. */
export function listRunsOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort().map((name) => join(folder, name)).filter(isOwnFolder);
  } catch {
    return [];
  }
}

/** Reads the newest frame of a run; undefined when there is none. */
export function readProgress(run: string): Progress | undefined {
  try {
    return JSON.parse(readRegular(progressOf(run))) as Progress;
  } catch {
    return undefined;
  }
}

/** The process that carries out a run now, or that has taken it and is still reading what was done before. */
export function runnerOf(run: string): number | undefined {
  const progress = readProgress(run);
  const lives = progress && ['running', 'paused', 'stopping'].includes(progress.state) && isSame(progress.runner);
  return lives ? parseInt(progress.runner, 10) : holderOf(run, newestClaim(run));
}

/**
 * Who works on a run's journal holds its claim: a file with a number and the process in it. Whoever finds that the
 * holder has ended makes one with the next number, and has it unless another is there then.
 */
const claimOf = (run: string, number: number): string => join(run, `claim.${number}`);

const claimsOf = (run: string): number[] => readdirSync(run).flatMap((name) => /^claim\.(\d+)$/.exec(name)?.[1] ?? []).map(Number).sort((a, b) => a - b);

function newestClaim(run: string): number {
  try {
    return claimsOf(run).at(-1) ?? 0;
  } catch {
    return 0;
  }
}

/** The living process that holds a claim. */
function holderOf(run: string, claim: number): number | undefined {
  try {
    const holder = readRegular(claimOf(run, claim)).trim();
    return isSame(holder) ? parseInt(holder, 10) : undefined;
  } catch {
    return undefined;
  }
}

/** Takes a run for this process, so that no two work on one journal. Gives the pid of the one that has it, where one lives. */
export function claimRun(run: string, self: ProcessRef): number | undefined {
  for (;;) {
    const last = newestClaim(run);
    const holder = holderOf(run, last);
    if (holder !== undefined) return holder;
    const own = last + 1;
    try {
      createFile(claimOf(run, own), self);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') continue;
      throw error;
    }
    // Another may have been about to write its name where it was looked for, or have come later with a higher number.
    const others = claimsOf(run).filter((claim) => claim !== own);
    const isFirst = others.every((claim) => claim < own && holderOf(run, claim) === undefined);
    for (const claim of isFirst ? others : [own]) removeFile(claimOf(run, claim));
    if (isFirst) return undefined;
  }
}

/** Gives a claimed run back. */
export function releaseRun(run: string): void {
  removeFile(claimOf(run, newestClaim(run)));
}
