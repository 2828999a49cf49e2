import type { Site } from '../events';
import { describeExit } from '../describe';
import type { Member } from '../members';
import type { FindingSite } from './finding';

/** How members ended, as far as it was no success. */

export interface Failure {
  /** `exit 1 IndexError: list index out of range` */
  text: string;
  sites: FindingSite[];
}

/** Libraries and runtimes: their lines are not the person's. */
const foreign = /^<|^node:|[\\/](node_modules|site-packages|dist-packages)[\\/]|[\\/]lib[\\/]python\d[^\\/]*[\\/]|[\\/]probes[\\/](node|python)[\\/]/;

/** True for a file of the program's own. */
export const isOwnFile = (file: string): boolean => file !== '' && !foreign.test(file);

/** The frames of a Python traceback or of a V8 stack, innermost first. */
export function framesOf(traceback: string): Site[] {
  const python = [...traceback.matchAll(/^ {2}File "(.+?)", line (\d+)(?:, in (.+))?$/gm)].map(([, file = '', line, name]) => ({
    file, line: Number(line), ...(name && name !== '<module>' ? { function: name } : {}),
  }));
  if (python.length > 0) return python.reverse();
  return [...traceback.matchAll(/^ {4}at (?:(.+?) \()?(?:file:\/\/)?(\/.+?|[A-Za-z]:\\.+?|node:.+?):(\d+):\d+\)?$/gm)].map(([, name, file = '', line]) => ({
    file: file.startsWith('/') ? decode(file) : file, line: Number(line), ...(name ? { function: name.replace(/^async /, '') } : {}),
  }));
}

/** A path of a `file:` URL, as V8 writes it. */
function decode(file: string): string {
  try {
    return decodeURIComponent(file);
  } catch {
    return file;
  }
}

/** The lines of the program in a traceback, innermost first. */
export const ownFrames = (traceback: string): Site[] => framesOf(traceback).filter(({ file }) => isOwnFile(file));

/** How a member failed; undefined when it has not ended, or ended with 0. */
export function failureOf(member: Member): Failure | undefined {
  const { exit, error, endedBy } = member;
  if (!exit || (exit.code === 0 && exit.signal === null)) return undefined;
  if (exit.source === 'unknown' && !error) return undefined;
  const failed = error ? ownFrames(error.traceback).slice(0, 4) : [];
  const killed = endedBy?.site ? [endedBy.site] : [];
  const text = describeExit(member);
  return { text: text.startsWith('exit') ? text : `exit ${text}`, sites: [...failed, ...killed].map((where) => ({ ...where, role: 'failed' })) };
}
