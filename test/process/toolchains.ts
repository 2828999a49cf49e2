import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The interpreters that examples are run with. */

export interface Interpreter {
  path: string;
  version: string;
}

const output = (program: string, args: string[]): string => execFileSync(program, args, { encoding: 'utf8', timeout: 60_000 }).trim();

/** Numbers of a version, so that they compare as versions do. */
const order = (version: string): number => version.split('.').reduce((sum, part, i) => sum + (parseInt(part, 10) || 0) / 1000 ** i, 0);

/** True when a version is the least one or a later one. */
export function isAtLeast(version: string, least: string): boolean {
  return order(version) >= order(least);
}

/** Every CPython from 3.8, the oldest first. */
export function findPythons(): Interpreter[] {
  return output(process.execPath, [resolve(import.meta.dirname, '../interpreters.mjs')]).split('\n').flatMap((line) => {
    const [, version, path] = /^cpython (\S+)\t(.+)$/.exec(line) ?? [];
    return version && path ? [{ path, version }] : [];
  });
}

/** The running Node, and those that the tests of the Node probe have installed; one for each major version, the oldest first. */
export function findNodes(): Interpreter[] {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'procession', 'node');
  const installed = (existsSync(cache) ? readdirSync(cache) : []).map((major) => join(cache, major, 'node_modules', 'node', 'bin', 'node')).filter((path) => existsSync(path));
  const found = new Map([{ path: process.execPath, version: process.versions.node }, ...installed.map((path) => ({ path, version: output(path, ['-p', 'process.versions.node']) }))]
    .map((node) => [parseInt(node.version, 10), node] as const).filter(([major]) => major >= 20));
  return [...found.values()].sort((a, b) => order(a.version) - order(b.version));
}

/** The oldest, the middle and the newest. */
export function sampleOf(all: readonly Interpreter[]): Interpreter[] {
  return [...new Set([all[0], all[Math.floor(all.length / 2)], all.at(-1)])].filter((one) => one !== undefined);
}

/** What multiprocessing does when nothing else is said: it differs by version and platform. */
export function defaultStartMethod(python: Interpreter): string {
  return output(python.path, ['-c', 'import multiprocessing; print(multiprocessing.get_start_method())']);
}
