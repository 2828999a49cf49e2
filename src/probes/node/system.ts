import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync, readlinkSync, realpathSync, unlinkSync, writeSync } from 'fs';

// Taken once, at preload: the program may replace members of `fs` later on (mocks do).
// readFileSync is to be used with 'utf8' only: with other encodings Node calls the replaced fs.openSync.
export const system = { closeSync, existsSync, fstatSync, openSync, readFileSync, readlinkSync, realpathSync, unlinkSync, writeSync };
export const openFlags = constants;

/** From here on nothing is asked of the system: every call fails, and files are taken to be there. */
export function abandonSystem(): void {
  const refuse = (): never => {
    throw new Error('abandoned');
  };
  for (const name of Object.keys(system) as (keyof typeof system)[]) system[name] = refuse as never;
  system.existsSync = () => true;
}
