import { isUtf8 } from 'node:buffer';
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { TextDecoder } from 'node:util';
import { HumanError } from '../../core/errors';
import { firstBad } from './bytes';
import { reasonOf } from '../journal/fileErrors';

/** Names that mean UTF-8: a file of ASCII is one, too. */
const utf8 = /^(utf-?8|(us-)?ascii)$/i;
/** Each byte is a character, as in Python: WHATWG would read windows-1252 for it. */
const latin1 = /^(latin-?1|iso-?8859-1|l1)$/i;

/** `bytes`: UTF-8 in which other bytes stay what they are, for names of files. */
export const asBytes = 'bytes';

const otherEncoding = 'Name the encoding of the file, as --encoding latin-1 or windows-1252 ("encoding": "latin-1"). Where its lines are names of files: --encoding bytes.';

const unreadable = (file: string, error: unknown): HumanError => new HumanError(`The rows in ${file} can't be read: ${reasonOf(error)}.`);

function decoderOf(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch {
    throw new HumanError(`There is no encoding "${encoding}". There are utf-8, latin-1, windows-1252, utf-16le, shift_jis and the others of https://encoding.spec.whatwg.org, and bytes: UTF-8 in which other bytes stay as they are, for names of files.`);
  }
}

/** Length of what stands at the end of a piece and may be the beginning of a character of UTF-8. */
function begun(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc0) return back < (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4) ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** Turns a file into UTF-8, piece by piece. Throws {@link HumanError} with line, column and offset at what is not of its encoding. */
class Recoder {
  #offset = 0;
  #rest = Buffer.alloc(0);
  #decoder: TextDecoder | undefined;
  #isLatin1 = false;
  #isFirst = true;

  /** `way`: what to do about a byte that is no UTF-8 */
  constructor(private readonly file: string, private readonly encoding: string | undefined, private readonly way = otherEncoding) {
    if (encoding === undefined || utf8.test(encoding) || encoding === asBytes) return;
    this.#isLatin1 = latin1.test(encoding);
    if (!this.#isLatin1) this.#decoder = decoderOf(encoding);
  }

  /** UTF-8 of the next piece, without the byte order mark; `isLast`: nothing comes after it. */
  push(piece: Buffer, isLast = false): Buffer {
    const bytes = this.#isFirst ? this.#unmarked(piece) : piece;
    this.#isFirst = false;
    if (this.#isLatin1) return Buffer.from(bytes.toString('latin1'));
    if (this.encoding === asBytes) return bytes;
    return this.#decoder ? this.#decoded(this.#decoder, bytes, isLast) : this.#checked(bytes, isLast);
  }

  /** A byte order mark tells UTF-16 from UTF-8; Windows puts one before either. */
  #unmarked(piece: Buffer): Buffer {
    const mark = (...bytes: number[]): boolean => bytes.every((byte, at) => piece[at] === byte);
    if (mark(0xef, 0xbb, 0xbf) && !this.#isLatin1) {
      this.#offset = 3;
      return piece.subarray(3);
    }
    if (this.encoding === undefined && (mark(0xff, 0xfe) || mark(0xfe, 0xff))) this.#decoder = decoderOf(piece[0] === 0xff ? 'utf-16le' : 'utf-16be');
    return piece;
  }

  #decoded(decoder: TextDecoder, bytes: Buffer, isLast: boolean): Buffer {
    try {
      const text = decoder.decode(bytes, { stream: !isLast });
      this.#offset += bytes.length;
      return Buffer.from(text);
    } catch {
      throw new HumanError(`${this.file}: between the offsets ${this.#offset} and ${this.#offset + bytes.length} are bytes that are no ${decoder.encoding}. ${otherEncoding}`);
    }
  }

  #checked(bytes: Buffer, isLast: boolean): Buffer {
    const all = this.#rest.length ? Buffer.concat([this.#rest, bytes]) : bytes;
    const whole = all.subarray(0, all.length - (isLast ? 0 : begun(all)));
    if (!isUtf8(whole)) throw this.#bad(whole);
    this.#rest = Buffer.from(all.subarray(whole.length));
    this.#offset += whole.length;
    return whole;
  }

  #bad(bytes: Buffer): HumanError {
    const at = firstBad(bytes);
    const offset = this.#offset + at;
    const place = placeOf(this.file, offset);
    const byte = `0x${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`;
    return new HumanError(`${this.file}:${place ? `${place.line}:${place.column}:` : ''} the byte ${byte} at offset ${offset} is no UTF-8. ${this.way}`);
  }
}

/** Line and column of a byte, both from 1, by reading what stands before it once more; undefined where that can't be done, as in a pipe. */
function placeOf(file: string, offset: number): { line: number; column: number } | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const chunk = Buffer.alloc(1 << 16);
    let [line, from] = [1, 0];
    for (let at = 0; at < offset;) {
      const length = readSync(descriptor, chunk, 0, Math.min(chunk.length, offset - at), at);
      if (length === 0) return undefined;
      for (let end = chunk.indexOf(10); end !== -1 && end < length; end = chunk.indexOf(10, end + 1)) [line, from] = [line + 1, at + end + 1];
      at += length;
    }
    const before = Buffer.alloc(Math.min(offset - from, 1 << 20));
    readSync(descriptor, before, 0, before.length, from);
    return { line, column: before.toString().replace('\ufeff', '').length + 1 };
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** The text of a whole file that must be UTF-8. */
export const utf8Text = (file: string, bytes: Buffer): string => new Recoder(file, undefined, 'Save it as UTF-8.').push(bytes, true).toString();

/** The UTF-8 of a file in pieces, each of whole characters. Throws {@link HumanError} when it can't be read, or is of another encoding. */
export async function* readUtf8(file: string, encoding?: string): AsyncGenerator<Buffer> {
  const recoder = new Recoder(file, encoding);
  try {
    for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) yield recoder.push(piece);
    const last = recoder.push(Buffer.alloc(0), true);
    if (last.length) yield last;
  } catch (error) {
    throw error instanceof HumanError ? error : unreadable(file, error);
  }
}
