import { writeSync } from 'node:fs';

const size = 1 << 20;
/** A text longer than this goes its own way to the file. */
const long = size / 4;

/** Characters that are encoded together: each call out of JavaScript costs as much as a line, and V8 keeps all pieces of a text that grows. */
const together = 1 << 14;

/**
 * Gathers lines, to write many of them to a file in one system call. What the file does not take, as a full disk's, stays
 * here and is tried again with each {@link flush}: no line is lost or written twice.
 */
export class LineBuffer {
  #text = '';
  #bytes = Buffer.allocUnsafe(size);
  #length = 0;
  #refused: Buffer[] = [];

  constructor(private readonly descriptor: number) {}

  /** Adds a text, its line break included. Never throws. */
  add(line: string): void {
    this.#text += line;
    if (this.#text.length >= together) this.#encode();
  }

  /** Adds what is no UTF-8. Never throws. */
  addBytes(bytes: Buffer): void {
    this.#encode();
    if (this.#length + bytes.length > size) this.#pass();
    if (bytes.length > size) this.#write(bytes);
    else this.#length += bytes.copy(this.#bytes, this.#length);
  }

  #encode(): void {
    const text = this.#text;
    this.#text = '';
    if (text.length > long) {
      this.#pass();
      this.#write(Buffer.from(text));
      return;
    }
    // A UTF-16 unit takes at most three bytes of UTF-8.
    if (this.#length + text.length * 3 > size) this.#pass();
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** Everything is in the file when this returns; what is too much to be gathered is there before. Throws what the system says. */
  flush(): void {
    this.#encode();
    this.#pass();
    if (this.#refused.length) this.#again();
  }

  /** Hands on what has been encoded. */
  #pass(): void {
    this.#write(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
  }

  #write(bytes: Buffer): void {
    if (!bytes.length) return;
    let from = 0;
    try {
      if (!this.#refused.length) while (from < bytes.length) from += writeSync(this.descriptor, bytes, from);
    } catch {
      // The system says it again when the rest is tried with the next flush.
    }
    if (from < bytes.length) this.#refused.push(Buffer.from(bytes.subarray(from)));
  }

  #again(): void {
    for (let [first] = this.#refused; first; [first] = this.#refused) {
      const written = writeSync(this.descriptor, first);
      if (written < first.length) this.#refused[0] = first.subarray(written);
      else this.#refused.shift();
    }
  }
}
