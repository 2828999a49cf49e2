import { writeSync } from 'node:fs';

const usual = 1 << 20;

/**
 * Gathers lines and writes them to a file in one system call. Each line is encoded when it comes: of a text that grows
 * V8 keeps all pieces until the end, for the garbage collector to carry and the encoder to put together.
 */
export class LineBuffer {
  #bytes = Buffer.allocUnsafe(usual);
  #length = 0;

  constructor(private readonly descriptor: number) {}

  /** Adds a text, its line break included. */
  add(line: string): void {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    const needed = this.#length + line.length * 3;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#length += this.#bytes.write(line, this.#length);
  }

  flush(): void {
    for (let from = 0; from < this.#length;) from += writeSync(this.descriptor, this.#bytes, from, this.#length - from);
    this.#length = 0;
    if (this.#bytes.length > 8 * usual) this.#bytes = Buffer.allocUnsafe(usual);
  }
}
