import { isUtf8 } from 'node:buffer';
import { readlinkSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { HumanError } from '../core/errors';
import { readProc } from '../observe/system/linux/procFile';
import { readableBytes } from '../observe/record/readable';
import { keptAs } from './kept.mjs';

/**
 * What this process was given by the kernel, as bytes. Node's strings lose what is no UTF-8, and an object loses what stands twice in
 * an environment or has no name; the program is to get all of it as it is. Linux only: elsewhere nothing can be told from the strings.
 */

/** Words that end with a NUL each. */
function wordsIn(bytes: Buffer): Buffer[] {
  const words: Buffer[] = [];
  for (let from = 0, end = bytes.indexOf(0); end !== -1; from = end + 1, end = bytes.indexOf(0, from)) words.push(bytes.subarray(from, end));
  return words;
}

const read = (name: 'cmdline' | 'environ'): Buffer => (process.platform === 'linux' ? readProc(`/proc/self/${name}`, Infinity) : undefined) ?? Buffer.alloc(0);

const notReadable = 'Procession can\'t read its own command line as bytes (/proc is missing, or another program rewrote it), so it can\'t hand these on unchanged: ';

/** The bytes of the last words of this process's command line, which Node gave as `argv`; undefined where the strings are the same. */
export function ownWords(argv: readonly string[]): Buffer[] | undefined {
  if (process.platform !== 'linux' || !argv.some((word) => word.includes('\uFFFD'))) return undefined;
  const words = wordsIn(read('cmdline')).slice(-argv.length);
  if (words.length !== argv.length || !words.every((word, i) => word.toString() === argv[i])) throw new HumanError(notReadable + argv.filter((word) => word.includes('\uFFFD')).join(' '));
  return words.every((word) => isUtf8(word)) ? undefined : words;
}

/** To make an object of an environment takes Node a search through all of it for each entry: seconds for ten thousands of them. */
const mostEntries = 2_000;

/** An entry under the name that it had before it was kept from Node; what was not set is kept as nothing. */
function takenBack(entry: Buffer): Buffer[] {
  if (entry.toString('latin1', 0, keptAs.length) !== keptAs) return [entry];
  return entry.indexOf('=') === entry.length - 1 ? [] : [entry.subarray(keptAs.length)];
}

/** The entries of this process's environment, where an object of strings is not good for it: something would be lost, or it is too big. */
export function ownOddEnvironment(): Buffer[] | undefined {
  const bytes = read('environ');
  const entries = wordsIn(bytes).flatMap(takenBack);
  const names = new Set(entries.map((entry) => entry.toString('latin1', 0, Math.max(0, entry.indexOf('=')))));
  return isUtf8(bytes) && names.size === entries.length && !names.has('') && entries.length <= mostEntries ? undefined : entries;
}

/** The working folder as a person can read it, and whether a path can be made of that: it may be no UTF-8, or be gone. */
export function ownFolder(): { shown: string; isPath: boolean } {
  try {
    const folder = process.platform === 'linux' ? readlinkSync('/proc/self/cwd', 'buffer') : Buffer.from(process.cwd());
    const shown = readableBytes(folder);
    return { shown, isPath: isUtf8(folder) && (process.platform !== 'linux' || shown === process.cwd()) };
  } catch {
    return { shown: '/(gone)', isPath: false };
  }
}

/** A path that the person has given as an option of ours, by its bytes where it is no UTF-8. */
export function ownPath(path: string): string | Buffer {
  if (!path.includes('\uFFFD')) return path;
  const given = wordsIn(read('cmdline')).map((word) => (/^--[a-z]+=/.test(word.toString('latin1')) ? word.subarray(word.indexOf('=') + 1) : word));
  return given.find((word) => !isUtf8(word) && word.toString() === path) ?? path;
}

/** An absolute path for one that the person has given. Throws {@link HumanError} for one that is no text. */
export function resolveOwn(path: string): string {
  const { shown, isPath } = ownFolder();
  if (!isAbsolute(path) && !isPath) throw new HumanError(`${path} can't be found from the folder ${shown}, which is gone or whose name is no UTF-8. Name it by its absolute path.`);
  const given = ownPath(path);
  if (typeof given !== 'string') throw new HumanError(`${readableBytes(given)} is no UTF-8, and a run directory can't have such a name. Rename it, or name another.`);
  return resolve(given);
}
