import { isUtf8 } from 'node:buffer';

/**
 * Bytes that are no UTF-8 as text: each is half a surrogate, U+DC80 to U+DCFF, as Python's `surrogateescape` has it
 * (PEP 383). So names of files stay what they are: Python's functions open them, commands get the bytes themselves.
 */
const escaped = 0xdc00;

/** How long the character is that begins at `at`; 0 where none does. Overlong ones, surrogates and what is beyond U+10FFFF are none. */
function lengthOfCharacter(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  return length > 0 && at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** Where the first byte stands that belongs to no character; -1: nowhere. */
export function firstBad(bytes: Buffer): number {
  for (let at = 0; at < bytes.length;) {
    const length = lengthOfCharacter(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return -1;
}

/** Text of UTF-8, with the bytes that are none as halves of surrogates. */
export function textOf(bytes: Buffer): string {
  const bad = isUtf8(bytes) ? -1 : firstBad(bytes);
  if (bad === -1) return bytes.toString();
  const parts: string[] = [];
  let from = 0;
  for (let at = bad; at < bytes.length;) {
    const length = lengthOfCharacter(bytes, at);
    if (length === 0) {
      parts.push(bytes.toString('utf8', from, at), String.fromCharCode(escaped + (bytes[at] ?? 0)));
      from = at + 1;
    }
    at += Math.max(1, length);
  }
  return parts.join('') + bytes.toString('utf8', from);
}

const lone = /\p{Surrogate}/u;
const escapes = /[\udc80-\udcff]/u;

/** Whether a text holds half a character: a byte that is no UTF-8, or half of a pair. */
export const isBroken = (text: string): boolean => lone.test(text);

/** The bytes of a text that {@link textOf} has made. A half that stands for no byte becomes the six characters of its JSON. */
export function bytesOf(text: string): Buffer {
  if (!isBroken(text)) return Buffer.from(text);
  return Buffer.concat([...text].map((character) => {
    const code = character.charCodeAt(0);
    if (escapes.test(character)) return Buffer.from([code - escaped]);
    return Buffer.from(isBroken(character) ? `\\u${code.toString(16)}` : character);
  }));
}
