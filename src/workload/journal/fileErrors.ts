import { codeOf, HumanError } from '../../core/errors';

/** What the system says when it refuses a file, in words, where the words say more than the code. */
const reasons: Record<string, string> = {
  ENOENT: 'there is no such file', EEXIST: 'something else has that name', ENOTDIR: 'a part of its path is no folder', EISDIR: 'it is a folder', EACCES: 'you may not', EPERM: 'you may not',
  ENOSPC: 'the disk is full', EDQUOT: 'your quota of the disk is used up', EROFS: 'the disk is read-only', EFBIG: 'files may not be so large there',
  EIO: 'the disk has failed', ENAMETOOLONG: 'its name is too long', EMFILE: 'too many files are open', ENFILE: 'too many files are open', EPIPE: 'nobody reads it any more',
};

/** Why the system refused a file: `the disk is full (ENOSPC)`. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const words = code === undefined ? undefined : reasons[code];
  return words !== undefined ? `${words} (${code})` : (code ?? String(error));
}

/** Whether the system refused a file because its disk takes no more. */
export const takesNoMore = (error: unknown): boolean => ['ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG', 'EIO'].includes(codeOf(error) ?? '');

/** A file that results or the journal should go to takes nothing: what is done so far stays done. */
export class WriteError extends HumanError {
  constructor(readonly file: string, what: string, override readonly cause: unknown) {
    super(`${what} ${file} can't be written: ${reasonOf(cause)}.`);
  }
}
