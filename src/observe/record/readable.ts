import { isUtf8 } from 'node:buffer';

/** Bytes that are no UTF-8, as text that a person can read and JSON can carry: `caf\xe9`. */

/** Lengths of well-formed sequences by their first byte, and the bounds of the second byte that some have (Unicode, table 3-7). */
function lengthAt(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  return length > 0 && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** Text of bytes from the system: what is no UTF-8 in it stands as `\xNN`. */
export function readableBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  let from = 0;
  for (let at = 0; at < bytes.length;) {
    const length = lengthAt(bytes, at);
    if (length === 0) {
      text += `${bytes.toString('utf8', from, at)}\\x${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`;
      from = at + 1;
    }
    at += length || 1;
  }
  return text + bytes.toString('utf8', from);
}

/** Pairs of surrogates, which are text; lone ones; other escapes of JSON. */
const escapes = /\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|\\udc([89a-f][0-9a-f])|\\./gi;

/** A line of JSON from Python, which tells bytes that are no UTF-8 as lone surrogates (PEP 383): they are no text elsewhere. */
export function readableLine(line: string): string {
  return line.includes('\\udc') ? line.replace(escapes, (all, byte: string | undefined) => (byte === undefined ? all : `\\\\x${byte}`)) : line;
}
