/**
 * Tells who has written what came through a pipe that several processes share. Each write of a process with a probe is known from its
 * copy; what is left over was written by somebody else (a shell, a program in C, or past a language's streams).
 */

/** Writes up to this length (PIPE_BUF, pipe(7)) come in one piece. */
const whole = 4_096;
/** ms in which the copy of a write comes, if there is one: a process is interrupted between the two. */
const lag = 300;
/** ms after which a copy that nothing has come for is given up (the stream was changed on its way): while much comes, and while nothing does */
const patience = { busy: 10_000, quiet: 500 };

interface Pending {
  bytes: Buffer;
  at: number;
  /** a part of it has come: the rest follows at once */
  isOpen: boolean;
}

export class SharedPipe {
  /** by writer, in the order of their writes */
  readonly #pending = new Map<string, Pending[]>();
  /** what has come and is not explained yet */
  #held: Buffer = Buffer.alloc(0);
  #heldSince = 0;
  #last: string | undefined;
  #lastCame = 0;

  /** `emit` gets the bytes in their order, each with its writer; undefined: nobody who is known. */
  constructor(private readonly emit: (writer: string | undefined, bytes: Buffer) => void) {}

  /** A process has written this into the pipe. */
  wrote(writer: string, bytes: Buffer, now: number): void {
    if (bytes.length === 0) return;
    const pending = this.#pending.get(writer) ?? [];
    pending.push({ bytes, at: now, isOpen: false });
    this.#pending.set(writer, pending);
  }

  /** This has come out of the pipe. */
  came(bytes: Buffer, now: number): void {
    this.#lastCame = now;
    if (this.#held.length === 0) this.#heldSince = now;
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    this.settle(now);
  }

  /** Whether something waits for its writer to be known. */
  get isWaiting(): boolean {
    return this.#held.length > 0;
  }

  /** Explains what can be explained by now. Called again after every copy, and some time later. `toEnd`: nothing more will be known. */
  settle(now: number, toEnd = false): void {
    while (this.#held.length > 0) {
      const isLate = toEnd || now - this.#heldSince >= lag;
      const found = this.#writerAt(0);
      if (!isLate && !found?.isSure) return;
      if (found) this.#take(found.writer, found.length, now);
      else this.#giveOut(undefined, this.#unexplained());
    }
    this.#forget(now);
  }

  /**
   * Who has written what stands at a position: whoever was in the middle of it, else whose next write explains most. Not sure where
   * only the beginning of a write has come so far, which may be that of another.
   */
  #writerAt(position: number): { writer: string; length: number; isSure: boolean } | undefined {
    const found: { writer: string; length: number; bytes: Buffer }[] = [];
    for (const [writer, [next]] of this.#pending) {
      const length = next ? this.#explained(next, position) : 0;
      if (!next || length === 0) continue;
      if (next.isOpen && next.bytes.length <= whole) return { writer, length, isSure: true };
      found.push({ writer, length, bytes: next.bytes });
    }
    const most = Math.max(...found.map(({ length }) => length));
    const longest = found.filter(({ length }) => length === most);
    const best = longest.find(({ writer }) => writer === this.#last) ?? longest[0];
    const isAtEnd = position + most === this.#held.length;
    return best && { writer: best.writer, length: most, isSure: !isAtEnd || longest.every(({ bytes }) => bytes.length === most) };
  }

  /** How many bytes from a position on a write explains: all of it, what has come of it so far, or a part of a long one. */
  #explained({ bytes, isOpen }: Pending, position: number): number {
    const end = Math.min(bytes.length, this.#held.length - position);
    let length = 0;
    while (length < end && bytes[length] === this.#held[position + length]) length++;
    const isPart = bytes.length > whole || isOpen;
    return length === end || (isPart && length >= Math.min(64, bytes.length)) ? length : 0;
  }

  #take(writer: string, length: number, now: number): void {
    const pending = this.#pending.get(writer) ?? [];
    const [next] = pending;
    if (!next || next.bytes.length === length) pending.shift();
    else Object.assign(next, { bytes: next.bytes.subarray(length), isOpen: true });
    if (pending.length === 0) this.#pending.delete(writer);
    // What follows may be of a process that was interrupted between its write and its copy.
    this.#heldSince = now;
    this.#giveOut(writer, length);
  }

  #giveOut(writer: string | undefined, length: number): void {
    this.#last = writer;
    const bytes = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    this.emit(writer, bytes);
  }

  /** Bytes up to the next write that is known, as far as one of some length can be told from chance. */
  #unexplained(): number {
    for (let position = 1; position < this.#held.length; position++) {
      const found = this.#writerAt(position);
      if (found?.isSure && found.length > 1) return position;
    }
    return this.#held.length;
  }

  /** What is explained by nothing that comes is not waited for: it must not stand in the way of what its writer writes next. */
  #forget(now: number): void {
    const isQuiet = this.#held.length === 0 && now - this.#lastCame > patience.quiet;
    for (const [writer, pending] of this.#pending) {
      while (pending[0] && now - pending[0].at > (isQuiet ? patience.quiet : patience.busy)) pending.shift();
      if (pending.length === 0) this.#pending.delete(writer);
    }
  }
}
