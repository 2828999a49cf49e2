import { randomBytes } from 'node:crypto';
import { closeSync, constants, lstatSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../../core/errors';

/**
 * The one place that writes files of a record. Each of them lies in a folder that is this user's and that nobody else can write to,
 * and is a regular file of this user's: no link is followed, whoever put it there. Every function throws what the system says,
 * or an error with the code `EPERM` where the folder or the file is another's.
 */

// Windows has no such flag.
const { O_NOFOLLOW = 0 } = constants as Partial<typeof constants>;
const { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_WRONLY } = constants;

const isOwn = ({ uid }: Stats): boolean => process.getuid === undefined || uid === process.getuid();
const isClosed = ({ mode }: Stats, to: number): boolean => process.getuid === undefined || (mode & to) === 0;
const found = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });

const refused = (path: string, why: string): Error => Object.assign(new Error(`${path} ${why}`), { code: 'EPERM' });

/** Whether a folder belongs to this user. A link to one is none. */
export function isOwnFolder(path: string): boolean {
  const folder = found(path);
  return folder !== undefined && folder.isDirectory() && isOwn(folder);
}

/** Whether a folder belongs to this user, and no other user but root can come into it. */
export function isPrivateFolder(path: string): boolean {
  const folder = found(path);
  return folder !== undefined && folder.isDirectory() && isOwn(folder) && isClosed(folder, 0o077);
}

/** A folder that is gone is told so by what follows. */
function checkFolder(path: string): void {
  const folder = found(dirname(path));
  if (folder && !(folder.isDirectory() && isOwn(folder) && isClosed(folder, 0o022))) throw refused(dirname(path), 'is not a folder that this user alone writes to');
}

/** Opens a file to append to it, and to read it where `reads`; makes it if it is missing. Returns the descriptor. */
export function openToAppend(path: string, reads = false): number {
  checkFolder(path);
  const file = found(path);
  // Another name of the file may be in a place where it means something else.
  if (file && !(file.isFile() && isOwn(file) && file.nlink <= 1)) throw refused(path, 'is not a regular file of this user');
  return openSync(path, (reads ? O_RDWR : O_WRONLY) | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
}

/** Makes a file that was not there, to read and to write. Throws with the code `EEXIST` where something has its name. */
export function openNew(path: string): number {
  checkFolder(path);
  return openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
}

/** Makes a file in the place of one that may be there. */
export function openAfresh(path: string): number {
  checkFolder(path);
  rmSync(path, { force: true });
  return openNew(path);
}

/** Makes a file that was not there, with this text. */
export function createFile(path: string, text: string): void {
  const descriptor = openNew(path);
  try {
    writeFileSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}

/** Puts a text in the place of a file in one step, so that a reader sees the old one or the new one, as a whole. */
export function replaceFile(path: string, text: string): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`;
  createFile(draft, text);
  try {
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Makes a folder below one of this user's; one that is there must be this user's as well. */
export function makeOwnFolder(path: string): void {
  checkFolder(path);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (!isOwnFolder(path)) throw refused(path, 'is not a folder of this user');
  }
}

/** Removes a file of a record; one that is gone is no error. */
export function removeFile(path: string): void {
  checkFolder(path);
  rmSync(path, { force: true });
}

