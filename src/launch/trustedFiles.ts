import { lstatSync, readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';

/** Whether code that is to enter programs lies where nobody can change it but this user and root. */

/** Whether a file or a folder is this user's or root's, and nobody else may write to it. For root's code, this user is root. */
function isSound({ uid, mode }: Stats): boolean {
  return process.getuid === undefined || ((uid === 0 || uid === process.getuid()) && (mode & 0o022) === 0);
}

/** Who may write to a folder with the sticky bit (/tmp) can't replace what others have in it. */
const isShared = ({ uid, mode }: Stats): boolean => (uid === 0 || uid === process.getuid?.()) && (mode & 0o1000) !== 0;

/**
 * Whether nobody else can replace a folder: on the whole way down to it, each is {@link isSound}, or shared by all as /tmp is. `openToAll`: and
 * every user comes into it.
 */
export function isSafePlace(folder: string, openToAll = false): boolean {
  try {
    for (let at = realpathSync(folder); ; at = dirname(at)) {
      const found = statSync(at);
      if (!isSound(found) && !isShared(found)) return false;
      if (openToAll && (found.mode & 0o001) === 0) return false;
      if (at === dirname(at)) return true;
    }
  } catch {
    return false;
  }
}

/** Whether a folder and all that is in it is {@link isSound}, and none of it is a link or a special file. */
export function isSoundTree(path: string): boolean {
  try {
    const found = lstatSync(path);
    if (!isSound(found)) return false;
    return found.isDirectory() ? readdirSync(path).every((name) => isSoundTree(join(path, name))) : found.isFile();
  } catch {
    return false;
  }
}
