import { writeSync } from 'node:fs';

const usual = 1 << 20;

/** Characters that are encoded together: each call out of JavaScript costs as much as a line, and V8 keeps all pieces of a text that grows. */
const together = 1 << 14;

/** Gathers lines and writes them to a file in one system call. */
export class LineBuffer {
  #text = '';
  #bytes = Buffer.allocUnsafe(usual);
  #length = 0;

  constructor(private readonly descriptor: number) {}

  /** Adds a text, its line break included. */
  add(line: string): void {
    this.#text += line;
    if (this.#text.length >= together) this.#encode();
  }

  #encode(): void {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    const needed = this.#length + this.#text.length * 3;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#length += this.#bytes.write(this.#text, this.#length);
    this.#text = '';
  }

  flush(): void {
    this.#encode();
    for (let from = 0; from < this.#length;) from += writeSync(this.descriptor, this.#bytes, from, this.#length - from);
    this.#length = 0;
    if (this.#bytes.length > 8 * usual) this.#bytes = Buffer.allocUnsafe(usual);
  }
}
