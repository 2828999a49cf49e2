import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/**
 * The one place that opens files of a record to read them. A record may be a stranger's: what is no regular file (a FIFO, a device,
 * a link to either) would hang who opens it, or never end.
 */

// Windows has no such flags.
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
const toRead = constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

const notRegular = (path: string): Error => Object.assign(new Error(`${path} is no regular file`), { code: 'EINVAL' });

/** Opens a regular file. Returns its descriptor; throws what the system says, and an error with the code `EINVAL` where it is another kind of file. */
export function openRegular(path: string): number {
  const descriptor = openSync(path, toRead);
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw notRegular(path);
}

/** {@link openRegular} for who must not wait for the disk. */
export async function openRegularLater(path: string): Promise<FileHandle> {
  const file = await open(path, toRead);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw notRegular(path);
}

/** Bytes that a file of a record may have which is read as a whole: a command line is at most some MB (execve(2)). */
const mostBytes = 16 * 1024 * 1024;

const tooLong = (path: string, size: number): Error => Object.assign(new Error(`${path} is too long (${size} bytes)`), { code: 'EFBIG' });

/** The text of a regular file of at most `most` bytes. Throws where it is longer. */
export const readRegular = (path: string, most = mostBytes): string => readRegularBytes(path, most).toString('utf8');

/** {@link readRegular} for what may be no text. */
export function readRegularBytes(path: string, most = mostBytes): Buffer {
  const descriptor = openRegular(path);
  try {
    const { size } = fstatSync(descriptor);
    if (size > most) throw tooLong(path, size);
    const bytes = Buffer.allocUnsafe(size);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, size, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** {@link readRegular} for who must not wait for the disk. */
export async function readRegularLater(path: string, most = mostBytes): Promise<string> {
  const file = await openRegularLater(path);
  try {
    const { size } = await file.stat();
    if (size > most) throw tooLong(path, size);
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(size), 0, size, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
