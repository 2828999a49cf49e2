import * as fs from 'fs';

// Taken once, at preload: the program may replace members of `fs` later on (mocks do).
// readFileSync is used with 'utf8' only: with other encodings Node calls the replaced fs.openSync.
export const { closeSync, existsSync, openSync, readFileSync, realpathSync, writeSync } = fs;
