import { writeSync } from 'node:fs';

const size = 1 << 20;
/** A text longer than this goes its own way to the file. */
const long = size / 4;

/** Characters that are encoded together: each call out of JavaScript costs as much as a line, and V8 keeps all pieces of a text that grows. */
const together = 1 << 14;

/** Gathers lines, to write many of them to a file in one system call. */
export class LineBuffer {
  #text = '';
  #bytes = Buffer.allocUnsafe(size);
  #length = 0;

  constructor(private readonly descriptor: number) {}

  /** Adds a text, its line break included. */
  add(line: string): void {
    this.#text += line;
    if (this.#text.length >= together) this.#encode();
  }

  #encode(): void {
    const text = this.#text;
    this.#text = '';
    if (text.length > long) {
      this.#write(this.#bytes, this.#length);
      this.#length = 0;
      const bytes = Buffer.from(text);
      this.#write(bytes, bytes.length);
      return;
    }
    // A UTF-16 unit takes at most three bytes of UTF-8.
    if (this.#length + text.length * 3 > size) {
      this.#write(this.#bytes, this.#length);
      this.#length = 0;
    }
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** Everything is in the file when this returns; what is too much to be gathered is there before. */
  flush(): void {
    this.#encode();
    this.#write(this.#bytes, this.#length);
    this.#length = 0;
  }

  #write(bytes: Buffer, length: number): void {
    for (let from = 0; from < length;) from += writeSync(this.descriptor, bytes, from, length - from);
  }
}
