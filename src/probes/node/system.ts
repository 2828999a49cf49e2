import { closeSync, existsSync, fstatSync, openSync, readFileSync, realpathSync, unlinkSync, writeSync } from 'fs';

// Taken once, at preload: the program may replace members of `fs` later on (mocks do).
// readFileSync is to be used with 'utf8' only: with other encodings Node calls the replaced fs.openSync.
export const system = { closeSync, existsSync, fstatSync, openSync, readFileSync, realpathSync, unlinkSync, writeSync };
