import type { FileHandle } from 'node:fs/promises';
import { codeOf } from '../../core/errors';
import { openRegularLater } from '../../observe/record/regularFile';

/** Bytes that are read at once; a longer line makes the buffer grow. */
const slice = 1 << 18;
/** A row and a result have at most 256 MB each. What is longer is no line of ours, and is read no further. */
export const longestLine = 1 << 30;

/** A whole line in a buffer, without its break; `offset` is where it stands in the file. */
export type VisitLine = (buffer: Buffer, from: number, to: number, offset: number) => void;

/** Reads a file that grows, line by line, as it comes: a slice at a time, so that who reads can do other things between. */
export class JournalTail {
  #offset = 0;
  #buffer = Buffer.alloc(0);
  #reading: Promise<void> | undefined;
  #inode: number | undefined;

  /** `anew`: another file has taken the place of the one that was read, and all of it will be visited. */
  constructor(private readonly path: string, private readonly visit: VisitLine, private readonly anew: () => void = () => undefined) {}

  /** Reads the lines that have come since the last time. */
  read(): Promise<void> {
    return (this.#reading ??= this.#read().finally(() => (this.#reading = undefined)));
  }

  async #read(): Promise<void> {
    let file: FileHandle;
    try {
      file = await openRegularLater(this.path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      throw error;
    }
    try {
      const { ino } = await file.stat();
      if (this.#inode !== undefined && this.#inode !== ino) {
        this.#offset = 0;
        this.anew();
      }
      this.#inode = ino;
      while (await this.#slice(file));
    } finally {
      await file.close();
      this.#buffer = Buffer.alloc(0);
    }
  }

  /** False at the end of what is there. */
  async #slice(file: FileHandle): Promise<boolean> {
    if (this.#buffer.length === 0) this.#buffer = Buffer.allocUnsafe(slice);
    const { bytesRead } = await file.read(this.#buffer, 0, this.#buffer.length, this.#offset);
    const last = bytesRead === 0 ? -1 : this.#buffer.lastIndexOf(10, bytesRead - 1);
    if (last === -1) {
      if (bytesRead < this.#buffer.length || this.#buffer.length >= longestLine) return false;
      this.#buffer = Buffer.allocUnsafe(this.#buffer.length * 2);
      return true;
    }
    for (let from = 0; from <= last;) {
      const to = this.#buffer.indexOf(10, from);
      this.visit(this.#buffer, from, to, this.#offset + from);
      from = to + 1;
    }
    this.#offset += last + 1;
    return true;
  }
}

const digitZero = 48;

/** The number that follows in a line from `at` on. */
export function numberAt(buffer: Buffer, at: number): number {
  let number = 0;
  for (let digit = (buffer[at] ?? 0) - digitZero; digit >= 0 && digit <= 9; digit = (buffer[++at] ?? 0) - digitZero) number = number * 10 + digit;
  return number;
}

/** What a journal line is, by the seventh byte of `{"e":"…`. */
export const kindOf = (buffer: Buffer, from: number): 'open' | 'done' | 'fail' | 'close' | undefined => {
  switch (buffer[from + 6]) {
    case 111: return 'open';
    case 100: return 'done';
    case 102: return 'fail';
    case 99: return 'close';
    default: return undefined;
  }
};

/** `{"e":"done","i":` and `{"e":"fail","i":` are equally long. */
const beforeIndex = 16;

/** The number of the row in the line of a task. */
export const rowNumberAt = (buffer: Buffer, from: number): number => numberAt(buffer, from + beforeIndex);

/** µs that the task of a line took. */
export function durationAt(buffer: Buffer, from: number): number {
  const at = buffer.indexOf('"us":', from + beforeIndex);
  return at === -1 ? 0 : numberAt(buffer, at + 5);
}

const beforeError = '"again":true,';

/** Whether the task of a failure's line is tried once more: told before its error, which may hold any words. */
export function isTriedAgain(buffer: Buffer, from: number): boolean {
  const error = buffer.indexOf('"error":', from);
  return error !== -1 && buffer.toString('latin1', error - beforeError.length, error) === beforeError;
}
