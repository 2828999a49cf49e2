import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createFile, makeOwnFolder, replaceFile } from '../observe/record/ownFiles';
import { globPattern, pathPattern } from './filter';
import type { ChildPolicy } from './kinds';

/**
 * What the probes of Node processes are told of the configuration, and the places for sessions that they and the window share:
 * see src/probes/node/attaching.ts.
 */

const placesOf = (run: string): string => join(run, 'attached');

/** The probe decides at the moment in which a child is created: js-debug attaches to all that it can see. */
export function writePolicy(run: string, { filter, most }: ChildPolicy): void {
  const { name, target, ...others } = filter;
  makeOwnFolder(placesOf(run));
  const patterns = { ...(name === undefined ? {} : { name: globPattern(name) }), ...(target === undefined ? {} : { target: pathPattern(target) }) };
  replaceFile(join(run, 'attach.json'), JSON.stringify({ ...others, ...patterns, most }));
}

/** Takes one of the places; false when there is none. Where the probes take no part, there always is one. */
export function takePlace(run: string, most: number): boolean {
  if (!existsSync(placesOf(run))) return true;
  for (let number = 0; number < most; number++) {
    try {
      createFile(join(placesOf(run), String(number)), '');
      return true;
    } catch {
      // Taken by another process, or the directory is gone.
    }
  }
  return false;
}

/** How many places are taken. */
export const placesTaken = (run: string): number => (existsSync(placesOf(run)) ? readdirSync(placesOf(run)).length : 0);

/** The place of a session that has ended may be taken by another child. */
export function freePlace(run: string): void {
  const [taken] = existsSync(placesOf(run)) ? readdirSync(placesOf(run)) : [];
  if (taken !== undefined) rmSync(join(placesOf(run), taken), { force: true });
}
