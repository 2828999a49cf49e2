import { spawn } from 'node:child_process';
import { existsSync, realpathSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { codeOf, HumanError } from '../core/errors';
import { createFile } from '../observe/record/ownFiles';
import { readRegular } from '../observe/record/regularFile';
import { puttingAside } from './kept.mjs';
import type { LaunchSpec } from './launcher';

/**
 * The order that a window leaves in a run directory for the launcher. It is a file and not an argument because it holds
 * the environment, secrets and all; it is removed as soon as it is read.
 */
const orderOf = (run: string): string => join(run, 'launch.json');

export function writeOrder(spec: LaunchSpec): void {
  createFile(orderOf(spec.run), JSON.stringify(spec));
}

/** Whoever removes the order has it: the launcher to carry it out, or the window that gives it up. */
export function takeOrder(run: string): LaunchSpec {
  try {
    const text = readRegular(orderOf(run));
    rmSync(orderOf(run));
    return JSON.parse(text) as LaunchSpec;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new HumanError(`There is nothing to launch in ${run}: it was launched already, or the window that wanted it has given it up. Launch it again there.`);
  }
}

/** Whether a launcher has not taken its order yet. */
export const hasOrder = (run: string): boolean => existsSync(orderOf(run));

/** Takes an order back. False: it was taken already, or there is none. */
export function withdrawOrder(run: string): boolean {
  try {
    rmSync(orderOf(run));
    return true;
  } catch {
    return false;
  }
}

/** A program with its arguments and the variables it needs besides. */
export interface Invocation {
  file: string;
  args: string[];
  env: Record<string, string>;
}

const env = '/usr/bin/env';

/** Whether env(1) is one that knows `-S`; that of busybox does not. */
function splits(): boolean {
  try {
    return ['env', 'coreutils'].includes(basename(realpathSync(env)));
  } catch {
    return false;
  }
}

/** How to run our own command line with the Node that runs us (inside Electron that takes a variable), which what a terminal tells Node is not for. */
export function commandLine(cli: string, args: string[]): Invocation {
  const invocation = { file: process.execPath, args: [cli, ...args], env: { ELECTRON_RUN_AS_NODE: '1' } };
  return splits() ? { ...invocation, file: env, args: ['-S', puttingAside, process.execPath, ...invocation.args] } : invocation;
}

/** Starts our command line as a process that outlives this one and has none of its streams. Resolves with its pid. */
export function startDetached({ file, args, env }: Invocation, cwd: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, detached: true, stdio: 'ignore', windowsHide: true });
    child.once('error', reject);
    child.once('spawn', () => {
      child.unref();
      resolve(child.pid ?? 0);
    });
  });
}
